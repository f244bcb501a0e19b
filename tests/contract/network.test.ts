import { benchMakers } from "../support/platforms.ts";
import { networkContract } from "./network_contract.ts";

for (const maker of benchMakers) networkContract(maker);
