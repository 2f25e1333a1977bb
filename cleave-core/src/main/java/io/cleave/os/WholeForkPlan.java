package io.cleave.os;

import static io.cleave.os.Native.LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What the machine code of a whole fork is told, and tells: {@code struct plan} in {@code wholefork.c}. */
@SuppressWarnings("EnumOrdinal") // the order is the source's, and a test holds the two against each other
final class WholeForkPlan {
    /** The fields in their order; each has 8 bytes. */
    enum Field {
        TID_AT, ROBUST_AT, RSEQ_AT, RSEQ_BYTES, SELF, PID, TID, SIGNAL, TASKS, ATTEMPTS, ATTEMPT, SLOTS, SLOT_ROOM, KNOWN, KNOWN_COUNT, CODE, CODE_COUNT, BUFFER, BUFFER_BYTES, THREAD_LIST, LIST_LENGTH_AT, LIST_THREADS_AT, STATE_AT, OSTHREAD_AT, OS_TID_AT, LOCK_STACK_AT, LOCK_BASE_AT, OWNER_ID_AT, MONITORS, MONITOR_OWNER_AT, MONITOR_NEXT_AT, PERF, PERF_BYTES, HEAP, REGIONS_AT, REGION_COUNT_AT, REGION_BOTTOM_AT, REGION_END_AT, REGION_TYPE_AT, SPACES, SPACE_COUNT, RANGES, RANGE_ROOM, HUGE, JVMTI, JNI, EETOP, NAMES, NAME_COUNT, GROUPS, GROUP_COUNT, IDLE, IDLE_COUNT, DELAYED, DELAYED_COUNT, STOPS, STOP_ROOM, THREADS, RESULTS, VIRTUAL_THREADS, CARRIER, VIRTUAL_THREAD, CARRIED_AT, LEFT_OUT, STOP_COUNT, RANGE_COUNT, THREAD_COUNT, DETAIL, RETRIES, WIPED, SUSPENDED_NS, PARKED_NS, FORKED_NS, RELEASED_NS, RESUMED_NS, BEGUN_NS, FRAMES, INSISTS, INITIALIZING_AT, PATIENCE, PATIENCE_COMMITTED, CUT, CUT_AT, CUT_VALUE, STEPS, IN_CHILD, START, OS_STATE_AT, PARKED_STATE, IN_NATIVE, REGION_FREE, CRITICAL_AT, COLLECTING, JVM_CODE, JVM_CODE_COUNT
    }

    static final int SLOT_BYTES = 64;
    static final int SLOT_JAVA_AT = 24;
    static final int SLOT_TID_AT = 32;
    static final int RANGE_BYTES = 16;
    static final int SPACE_BYTES = 16;
    static final int ATTEMPTS_BYTES = 4096;

    final MemorySegment memory;

    WholeForkPlan(Arena arena) {
        memory = arena.allocate((long) Field.values().length * Long.BYTES, Long.BYTES);
    }

    long address() {
        return memory.address();
    }

    void set(Field field, long value) {
        memory.set(LONG, (long) field.ordinal() * Long.BYTES, value);
    }

    long get(Field field) {
        return memory.get(LONG, (long) field.ordinal() * Long.BYTES);
    }
}
