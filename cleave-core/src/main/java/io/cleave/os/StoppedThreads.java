package io.cleave.os;

import static io.cleave.os.Native.INT;
import static io.cleave.os.Native.LONG;

import io.cleave.os.WholeForkPlan.Field;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The threads that a fork has stopped, as the machine code has noted them: {@code struct stop} in {@code wholefork.c}. A
 * child finds here whom of its parent's threads it does not have.
 *
 * <pre>
 *  0        8        16          20     24             28
 *  +--------+--------+-----------+------+--------------+---------+
 *  | thread | java   | suspended | idle | initializing | carrier |
 *  +--------+--------+-----------+------+--------------+---------+
 * </pre>
 *
 * <p>
 * {@code thread} is JNI's global reference, {@code java} HotSpot's thread, or null where it is virtual or has ended. It is
 * read by a child that has hardly begun, so there is nothing here that would load a class.
 */
final class StoppedThreads {
    private static final int BYTES = 32;
    private static final int JAVA = 8;
    private static final int SUSPENDED = 16;
    private static final int IDLE = 20;
    private static final int INITIALIZING = 24;

    /** Values of {@code idle}: that of a thread which goes on in a child is not 0. */
    private static final int CARRIER = 2;
    private static final int JVMS_OWN = 3;

    private final WholeForkPlan plan;
    /** Whether idle carriers have been resumed in this process. */
    private boolean areCarriersResumed;

    StoppedThreads(WholeForkPlan plan) {
        this.plan = plan;
    }

    /** Makes room for so many, which forgets those of the last fork. */
    void makeRoom(int threads, Arena arena) {
        plan.set(Field.STOPS, arena.allocate((long) threads * BYTES, 8).address());
        plan.set(Field.STOP_ROOM, threads);
    }

    /** The ids of the Java threads that a child does not have. */
    long[] goneIds() {
        long[] ids = new long[count()];
        int gone = 0;
        for (int i = 0; i < ids.length; i++) {
            boolean isGone = idle(i) == 0 || (idle(i) == CARRIER && !areCarriersResumed);
            if (java(i) != 0 && isGone) {
                ids[gone++] = idOf(java(i));
            }
        }
        return Arrays.copyOf(ids, gone);
    }

    /** The kernel's numbers of the JVM's own Java threads that go on in a child. */
    int[] ownNumbers() {
        int[] numbers = new int[count()];
        int own = 0;
        for (int i = 0; i < numbers.length; i++) {
            if (java(i) != 0 && java(i) != plan.get(Field.LEFT_OUT) && idle(i) == JVMS_OWN) {
                numbers[own++] = number(i);
            }
        }
        return Arrays.copyOf(numbers, own);
    }

    /** References to suspended threads that carried virtual ones in the parent, and carry none. */
    long[] idleCarriers() {
        long[] references = new long[count()];
        int carriers = 0;
        for (int i = 0; i < references.length; i++) {
            if (isSuspended(i) && idle(i) == CARRIER) {
                references[carriers++] = thread(i);
            }
        }
        return Arrays.copyOf(references, carriers);
    }

    /** Notes whether the idle carriers have been resumed; those that have not do nothing in a child. */
    void carriersResumed(boolean are) {
        areCarriersResumed = are;
    }

    /** Whether one was inside a class's initializer. */
    boolean isAnyoneInitializing() {
        for (int i = 0; i < count(); i++) {
            if (read(i, INITIALIZING) != 0) {
                return true;
            }
        }
        return false;
    }

    /** The place of the suspended thread with an id, -1 where there is none. */
    int find(long id) {
        for (int i = 0; i < count(); i++) {
            if (java(i) != 0 && isSuspended(i) && idOf(java(i)) == id) {
                return i;
            }
        }
        return -1;
    }

    /** JNI's reference to a thread, by its place. */
    long thread(int place) {
        return memory().get(LONG, (long) place * BYTES);
    }

    /** The kernel's number of a thread, by its place. */
    int number(int place) {
        long thread = VmStructs.read(java(place) + plan.get(Field.OSTHREAD_AT));
        return VmStructs.memory(thread + plan.get(Field.OS_TID_AT), Integer.BYTES).get(INT, 0);
    }

    private long idOf(long java) {
        return VmStructs.read(java + plan.get(Field.OWNER_ID_AT));
    }

    private int count() {
        return (int) plan.get(Field.STOP_COUNT);
    }

    private long java(int place) {
        return memory().get(LONG, (long) place * BYTES + JAVA);
    }

    private boolean isSuspended(int place) {
        return read(place, SUSPENDED) != 0;
    }

    private int idle(int place) {
        return read(place, IDLE);
    }

    private int read(int place, int at) {
        return memory().get(INT, (long) place * BYTES + at);
    }

    private MemorySegment memory() {
        return VmStructs.memory(plan.get(Field.STOPS), (long) count() * BYTES);
    }
}
