import { benchMakers } from "../support/platforms.ts";
import { clockContract } from "./clock_contract.ts";

for (const maker of benchMakers) clockContract(maker);
