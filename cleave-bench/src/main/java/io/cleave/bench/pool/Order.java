package io.cleave.bench.pool;

import java.io.Serializable;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/**
 * One task of the torture: it counts its beginning, checks what came with it, and gives what was asked for.
 *
 * @param slot where its beginning is counted
 * @param kind what it does besides
 * @param seed what its bytes follow from, both ways
 * @param caller the process that gave the order
 * @param bytes what it brings
 * @param wanted how many bytes it is to bring back
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record Order(int slot, Kind kind, long seed, long caller, byte[] bytes, int wanted) implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MOST_MILLIS = 20;
    private static final int EXIT_CODE = 7;

    /** What a task does. */
    enum Kind {
        PLAIN, SLOW, THROWING, HALTING
    }

    /** What comes of an order. */
    @SuppressWarnings("ArrayRecordComponent")
    record Answer(int slot, long sum, byte[] bytes) implements Serializable {
        private static final long serialVersionUID = 1L;

        boolean isRightFor(Order order) {
            return slot == order.slot && bytes.length == order.wanted && sum == checksum(order.bytes)
                    && checksum(bytes) == checksum(content(~order.seed, order.wanted));
        }
    }

    /** What a task throws because it is to. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        final int slot;

        Refusal(int slot) {
            super("task " + slot + " was told to throw this");
            this.slot = slot;
        }
    }

    /** What came is not what was sent. */
    static final class DamagedOrderException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DamagedOrderException(String message) {
            super(message);
        }
    }

    /** A task that was to end its process finds itself in the caller's. */
    static final class InCallerException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        InCallerException() {
            super("computed in the calling process");
        }
    }

    static byte[] content(long seed, int count) {
        byte[] bytes = new byte[count];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    private static long checksum(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return sum.getValue();
    }

    static Answer carryOut(Order order) throws Refusal, InterruptedException {
        Beginnings.shared().begin(order.slot);
        long sum = checksum(order.bytes);
        if (sum != checksum(content(order.seed, order.bytes.length))) {
            throw new DamagedOrderException("task " + order.slot + " came with other bytes than it was sent with");
        }
        switch (order.kind) {
            case PLAIN -> {
                // nothing besides
            }
            case SLOW -> Thread.sleep(1 + (order.slot & 0xFF) % MOST_MILLIS);
            case THROWING -> throw new Refusal(order.slot);
            case HALTING -> {
                if (ProcessHandle.current().pid() == order.caller) {
                    throw new InCallerException();
                }
                Runtime.getRuntime().halt(EXIT_CODE);
            }
        }
        return new Answer(order.slot, sum, content(~order.seed, order.wanted));
    }
}
