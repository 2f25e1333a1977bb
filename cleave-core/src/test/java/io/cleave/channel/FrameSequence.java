package io.cleave.channel;

import java.util.Arrays;
import java.util.Random;

/** A sequence of frames that the seed determines, so that both ends of a ring know it without being told. */
final class FrameSequence {
    private final Random random;
    private final int most;
    private long number;

    /** A sequence of frames from nothing to some size; most of them are small. */
    FrameSequence(long seed, int most) {
        this.random = new Random(seed);
        this.most = most;
    }

    private int nextSize() {
        return switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1 -> 8 * random.nextInt(1 + most / 8);
            case 2 -> random.nextInt(1 + most);
            default -> random.nextInt(Math.min(most, 64));
        };
    }

    /** Writes the next one. */
    void write(Ring.Producer producer) {
        int kind = random.nextInt(0x10000);
        number++;
        if (random.nextInt(4) == 0) {
            producer.write(kind, 8, number);
            return;
        }
        int size = nextSize();
        int offset = random.nextInt(5);
        byte[] bytes = new byte[offset + size + 3];
        random.nextBytes(bytes);
        producer.write(kind, bytes, offset, size);
    }

    /** Compares the frame that a consumer stands at with the next one; tells the difference, or nothing. */
    String compare(Ring.Consumer consumer) {
        int kind = random.nextInt(0x10000);
        number++;
        if (consumer.kind() != kind) {
            return "frame " + number + " is of kind " + consumer.kind() + ", not " + kind;
        }
        if (random.nextInt(4) == 0) {
            boolean same = consumer.length() == 8 && RingValues.getLong(consumer.bytes(), consumer.offset()) == number;
            return same ? "" : "frame " + number + " is not its number but has " + consumer.length() + " bytes";
        }
        int size = nextSize();
        int offset = random.nextInt(5);
        byte[] bytes = new byte[offset + size + 3];
        random.nextBytes(bytes);
        if (consumer.length() != size) {
            return "frame " + number + " has " + consumer.length() + " bytes, not " + size;
        }
        boolean same = Arrays.equals(bytes, offset, offset + size, consumer.bytes(), consumer.offset(),
                consumer.offset() + size);
        return same ? "" : "frame " + number + " has other bytes";
    }
}
