import { benchMakers } from "../support/platforms.ts";
import { fileSystemContract } from "./file_system_contract.ts";

for (const maker of benchMakers) fileSystemContract(maker);
