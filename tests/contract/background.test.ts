import { benchMakers } from "../support/platforms.ts";
import { backgroundContract } from "./background_contract.ts";

for (const maker of benchMakers) {
  backgroundContract(maker);
  if (!maker.isMemory) {
    backgroundContract(maker, new URL("./contract_worker.ts", import.meta.url));
  }
}
