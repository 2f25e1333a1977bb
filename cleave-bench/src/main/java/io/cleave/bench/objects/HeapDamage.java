package io.cleave.bench.objects;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** Changes of a heap's file: of words, which are what a heap consists of, of bytes, and of its length. */
final class HeapDamage {
    private static final int BLOCK_HEADER_BYTES = 4096;
    private static final int HEAP_HEADER_END = BLOCK_HEADER_BYTES + 8192;
    /** Where the table of pages begins in a heap with four contexts, and about where it ends. */
    private static final int TABLE_AT = HEAP_HEADER_END + 4 * 32768;
    private static final int TABLE_END = TABLE_AT + 16_384;
    private static final int MOST_CHANGES = 6;

    private final SplittableRandom random;
    private final ByteBuffer file;

    private HeapDamage(byte[] file, SplittableRandom random) {
        this.random = random;
        this.file = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Changes some of the bytes.
     *
     * @param file all of it but for zeroes at the end
     */
    static void change(byte[] file, SplittableRandom random) {
        HeapDamage damage = new HeapDamage(file, random);
        for (int changes = 1 + random.nextInt(MOST_CHANGES); changes > 0; changes--) {
            damage.changeOne();
        }
    }

    private void changeOne() {
        int at = place();
        if (random.nextInt(4) == 0) {
            file.put(at, (byte) random.nextInt());
            return;
        }
        at &= -Long.BYTES;
        long word = file.getLong(at);
        file.putLong(at, switch (random.nextInt(9)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> random.nextLong();
            case 3 -> random.nextInt(1000);
            case 4 -> word ^ (1L << random.nextInt(Long.SIZE));
            case 5 -> word + (random.nextBoolean() ? 8L : -8L) * random.nextInt(1, 9);
            case 6 -> Long.MAX_VALUE >>> random.nextInt(Long.SIZE);
            case 7 -> random.nextLong(2L * file.capacity());
            default -> file.getLong(random.nextInt(file.capacity() / Long.BYTES) * Long.BYTES);
        });
    }

    /** Where something is, more often than where nothing is. */
    private int place() {
        int length = file.capacity() - Long.BYTES;
        int at = switch (random.nextInt(20)) {
            case 0 -> random.nextInt(128);
            case 1, 2, 3, 4 -> random.nextInt(BLOCK_HEADER_BYTES, HEAP_HEADER_END);
            case 5, 6, 7 -> random.nextInt(HEAP_HEADER_END, TABLE_AT);
            case 8, 9, 10, 11 -> random.nextInt(TABLE_AT, TABLE_END);
            default -> random.nextInt(TABLE_END, length);
        };
        for (int looks = 0; looks < 8 && file.getLong(at & -Long.BYTES) == 0; looks++) {
            at = Math.min(length, at + random.nextInt(256));
        }
        return Math.min(length, at);
    }

    /** How long the file is to be: most often as long as it was. */
    static long length(long before, SplittableRandom random) {
        return switch (random.nextInt(40)) {
            case 0 -> random.nextLong(before);
            case 1 -> before + random.nextLong(before);
            case 2 -> random.nextLong(before / 4096) * 4096;
            default -> before;
        };
    }
}
