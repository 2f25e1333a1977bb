package io.cleave.sync;

import io.cleave.memory.SharedMemory;
import io.cleave.testing.Background;
import io.cleave.testing.Delays;
import io.cleave.testing.ForkedChild;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/**
 * Plays the scenes of a group, in a JVM of its own, once for each store at which the victim can be cut off, and for each
 * of those once for each at which the one can that uses the object next, or once for the n-th store with the n-th of the
 * next. It forks those who may die, which takes milliseconds.
 */
@SuppressWarnings("SystemOut")
final class CrashRun {
    private static final int NEVER = ForkedChild.NEVER;
    private static final int PLAYS_PER_COLLECTION = 64;
    private static final long PAUSE_NANOS = 100_000;

    private final CrashWorld world;
    private final boolean isEverySecond;
    private int deaths;
    private int plays;

    private CrashRun(MemorySegment memory, boolean isEverySecond) {
        this.world = new CrashWorld(memory, this::beside);
        this.isEverySecond = isEverySecond;
    }

    /** Somebody who does something beside the survivor. */
    private interface Actor {
        /** Whether it has ended or died. */
        boolean isOver();

        /** Whether it was killed; when it is over. */
        boolean hasDied();

        /** Ends it where it has not. */
        void end();
    }

    /** Arguments: the group, whether every second death is played, and a scene's name where it is to be the only one. */
    public static void main(String[] arguments) throws Exception {
        try (SharedMemory block = SharedMemory.anonymous(CrashWorld.BYTES)) {
            CrashRun run = new CrashRun(block.segment(), Boolean.parseBoolean(arguments[1]));
            for (CrashScene scene : CrashScenes.of(arguments[0])) {
                if (arguments.length == 2 || scene.name.equals(arguments[2])) {
                    run.cutOff(scene);
                }
            }
        }
    }

    private void cutOff(CrashScene scene) throws Exception {
        play(scene, -1, NEVER); // by threads, so that what forked children need is there
        ForkedChild.gather();
        deaths = 0;
        int first = 0;
        boolean hasDied = true;
        while (hasDied) {
            first++;
            hasDied = play(scene, first, NEVER);
            if (hasDied && !isEverySecond) {
                boolean _ = play(scene, first, first);
            } else {
                for (int second = 1; hasDied && play(scene, first, second); second++) {
                    Thread.onSpinWait();
                }
            }
        }
        System.out.println("stores " + (first - 1) + ", deaths " + deaths + ": " + scene.name);
    }

    /** Plays a scene once; whether the last that was to die did. */
    private boolean play(CrashScene scene, int first, int second) throws Exception {
        Actor witness = null;
        Actor victim = null;
        Actor next = null;
        if (++plays % PLAYS_PER_COLLECTION == 0) {
            ForkedChild.gather();
        }
        try {
            world.clear();
            if (!scene.isFresh) {
                scene.kind.prepare(world);
            }
            scene.before.run(world);
            if (scene.witness != null) {
                witness = start(scene.witness, first < 0 ? first : NEVER);
                await("the witness comes", () -> scene.isWitnessThere.holds(world));
            }
            victim = start(scene.victim, first);
            Actor itself = victim;
            await("the victim sleeps or ends", () -> itself.isOver() || scene.isAsleep.holds(world));
            scene.letGo.run(world);
            await("the victim ends", victim::isOver);
            boolean hasDied = victim.hasDied();
            if (second != NEVER || first < 0) {
                next = start(scene.kind::recover, first < 0 ? first : second);
                await("the next ends", next::isOver);
                hasDied = next.hasDied();
            }
            if (witness != null) {
                scene.kind.release(world);
                await("the witness ends", witness::isOver);
            }
            scene.kind.check(world);
            deaths += hasDied ? 1 : 0;
            return hasDied;
        } catch (Exception | AssertionError e) {
            throw new AssertionError(scene.name + ", victim cut off at " + first + ", the next at " + second, e);
        } finally {
            end(witness);
            end(victim);
            end(next);
        }
    }

    private void beside(int count, CrashScene.Body body, Background.Action here) throws Exception {
        List<Actor> others = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                others.add(start(body, NEVER));
            }
            here.run();
            for (Actor other : others) {
                await("the others end", other::isOver);
                CrashScene.check(!other.hasDied(), "one of the others died");
            }
        } finally {
            others.forEach(Actor::end);
        }
    }

    private static void end(Actor actor) {
        if (actor != null) {
            actor.end();
        }
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + Delays.PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + Delays.PATIENCE + ": " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /** Starts a process that dies at a step, or a thread where that is negative. */
    private Actor start(CrashScene.Body body, int step) {
        if (step < 0) {
            return new Imitation(body, world);
        }
        return new Copy(ForkedChild.start(step, () -> {
            world.forget();
            body.run(world);
        }));
    }

    /** A thread in the place of a process. */
    private static final class Imitation implements Actor {
        private final Background<Void> background;

        Imitation(CrashScene.Body body, CrashWorld world) {
            background = Background.run(() -> body.run(world));
        }

        @Override
        public boolean isOver() {
            return background.isDone();
        }

        @Override
        public boolean hasDied() {
            try {
                var _ = background.get();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return false;
        }

        @Override
        public void end() {
            background.interrupt();
        }
    }

    /** A forked process. */
    private record Copy(ForkedChild child) implements Actor {
        @Override
        public boolean isOver() {
            return child.isOver();
        }

        @Override
        public boolean hasDied() {
            return child.wasKilled();
        }

        @Override
        public void end() {
            child.kill();
        }
    }
}
