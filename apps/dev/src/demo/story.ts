import { auditScenes } from "./scene-audit.js";
import { certifiedScenes } from "./scene-certified.js";
import { evidenceScenes } from "./scene-evidence.js";
import { outageScenes } from "./scene-outage.js";
import { scopeScenes } from "./scene-scope.js";
import { stolenScenes } from "./scene-stolen.js";
import { type Scene, SceneFailed, type Stage } from "./stage.js";

/** Every scene in the order of the story; later ones build on earlier ones. */
export function story(): readonly Scene[] {
  return [
    ...certifiedScenes(),
    ...scopeScenes(),
    ...stolenScenes(),
    ...evidenceScenes(),
    ...outageScenes(),
    ...auditScenes(),
  ];
}

/** Plays the scenes one after the other; the first whose expectation fails ends the story. Answers what failed. */
export async function play(
  stage: Stage,
  scenes: readonly Scene[],
  write: (text: string) => void,
): Promise<{ readonly scene: string; readonly what: string } | undefined> {
  for (const [index, scene] of scenes.entries()) {
    write(`\n${stage.paint.title(`${index + 1}. ${scene.title}`)}\n`);
    stage.say(`   ${scene.about}`);
    try {
      await scene.play(stage);
    } catch (error) {
      const what = error instanceof SceneFailed ? error.message : `a bug: ${String(error)}`;
      return { scene: scene.title, what };
    }
  }
  return undefined;
}
