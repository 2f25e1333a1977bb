package io.cleave.pool;

import io.cleave.os.Signals;
import io.cleave.os.Unistd;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** What can go wrong in a worker. */
enum Mishap {
    EXCEPTION, EXIT, HALT, KILL, CRASH, NO_MEMORY, NO_STACK, ENDLESS_LOOP;

    static final int EXIT_CODE = 7;
    static final int HALT_CODE = 8;
    private static final int PR_SET_DUMPABLE = 4;

    /** Whether it ends the JVM. */
    boolean isDeadly() {
        return this == EXIT || this == HALT || this == KILL || this == CRASH;
    }

    /** Lets it happen, here and now. */
    void happen() {
        switch (this) {
            case EXCEPTION -> throw new IllegalStateException("a mishap");
            case EXIT -> System.exit(EXIT_CODE);
            case HALT -> Runtime.getRuntime().halt(HALT_CODE);
            case KILL -> {
                Signals.kill(Unistd.getpid(), Signals.SIGKILL);
                Delays.pause(Delays.PATIENCE);
            }
            case CRASH -> {
                Signals.prctl(PR_SET_DUMPABLE, 0); // no core file
                MemorySegment.ofAddress(8).reinterpret(8).set(ValueLayout.JAVA_LONG, 0, 1L);
            }
            case NO_MEMORY -> exhaust();
            case NO_STACK -> deepen(0);
            case ENDLESS_LOOP -> {
                long turns = 0;
                while (turns >= 0) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private static void exhaust() {
        List<byte[]> kept = new ArrayList<>();
        while (kept.size() < 1 << 20) {
            kept.add(new byte[1 << 20]);
        }
    }

    @SuppressWarnings("InfiniteRecursion")
    private static long deepen(long depth) {
        return deepen(depth + 1) + depth;
    }

    /** Something with which it happens when it is deserialised. */
    static final class InReading implements Serializable {
        private static final long serialVersionUID = 1L;

        private final Mishap mishap;

        InReading(Mishap mishap) {
            this.mishap = mishap;
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            mishap.happen();
        }

        @Override
        public String toString() {
            return "trap for " + mishap;
        }
    }

    /** Something with which it happens when it is serialised. */
    static final class InWriting implements Serializable {
        private static final long serialVersionUID = 1L;

        private final transient Mishap mishap;

        InWriting(Mishap mishap) {
            this.mishap = mishap;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            mishap.happen();
        }

        @Override
        public String toString() {
            return "trap for " + mishap;
        }
    }
}
