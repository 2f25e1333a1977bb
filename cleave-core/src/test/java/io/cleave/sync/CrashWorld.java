package io.cleave.sync;

import io.cleave.owner.Participants;
import io.cleave.testing.Background;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.Supplier;

/** The memory that a scene of {@link CrashScenes} happens in, and the calling process's handles on the object there. */
final class CrashWorld {
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
    /** Whether what a lock guards is half-changed; beyond all objects. */
    private static final long DIRTY_AT = 2048;
    static final long BYTES = 4096;

    /** Starts processes that do something, and waits until they have ended. */
    interface Starter {
        void beside(int others, CrashScene.Body body, Background.Action here) throws Exception;
    }

    final MemorySegment memory;
    private final Starter starter;
    private Object handle;

    CrashWorld(MemorySegment memory, Starter starter) {
        this.memory = memory;
        this.starter = starter;
    }

    /** Does something beside processes that do something else, and waits for those. */
    void beside(int others, CrashScene.Body body, Background.Action here) throws Exception {
        starter.beside(others, body, here);
    }

    /** Zeroes, of which nobody knows anything. */
    void clear() {
        forget();
        memory.fill((byte) 0);
    }

    /** Lets the process make a handle of its own, as another process would. */
    void forget() {
        handle = null;
    }

    @SuppressWarnings("unchecked") // there is one sort of object in a scene
    private <T> T handle(Supplier<T> maker) {
        if (handle == null) {
            handle = maker.get();
        }
        return (T) handle;
    }

    SharedMutex mutex() {
        return handle(() -> SharedMutex.at(memory));
    }

    SharedCondition condition() {
        return (SharedCondition) mutex().condition(0);
    }

    SharedSemaphore semaphore(int permits) {
        return handle(() -> SharedSemaphore.at(memory, permits));
    }

    SharedReadWriteLock readWrite() {
        return handle(() -> SharedReadWriteLock.at(memory));
    }

    SharedEvent event() {
        return handle(() -> SharedEvent.at(memory));
    }

    SharedCountDownLatch latch(int count) {
        return handle(() -> SharedCountDownLatch.at(memory, count));
    }

    SharedBarrier barrier(int parties) {
        return handle(() -> SharedBarrier.at(memory, parties));
    }

    long word(long at) {
        return (long) LONG.getVolatile(memory, at);
    }

    boolean isDirty() {
        return word(DIRTY_AT) != 0;
    }

    void setDirty(boolean isDirty) {
        LONG.setVolatile(memory, DIRTY_AT, isDirty ? 1L : 0L);
    }

    /** Whether somebody has died with something that makes those wait for nothing who wait for it. */
    boolean hasDead(long membersAt, int stride, int members, Members.Concern concern) {
        for (int seat = 0; seat < members; seat++) {
            long member = word(membersAt + (long) seat * stride);
            if (member != 0 && concern.holds(seat, member) && Participants.isDead(member)) {
                return true;
            }
        }
        return false;
    }
}
