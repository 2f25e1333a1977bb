package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What lies in a side buffer stays as it is until it is taken, and its place is used again. */
final class SideBufferTest {
    private final RunMemory memory = new RunMemory(2);
    private final SideBuffer side = memory.side(1);
    private final SideBuffer.Producer producer = side.producer();

    @AfterEach
    void close() {
        memory.close();
    }

    private static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private SideBuffer.Entry put(Object array) {
        SideBuffer.Entry entry = producer.put(array);
        assertThat(entry).as("room for %s", array.getClass()).isNotNull();
        return entry;
    }

    @Test
    void everyKindOfLargeArrayComesBackAsItWas() {
        int n = SideBuffer.LEAST_BYTES;
        float[] floats = new float[n];
        Arrays.fill(floats, -1.5f);
        double[] doubles = new double[n];
        Arrays.setAll(doubles, i -> i / 3.0);
        long[] longs = new long[n];
        Arrays.setAll(longs, i -> -1L << (i & 63));
        int[] ints = new Random(1).ints(n).toArray();
        short[] shorts = new short[n];
        Arrays.fill(shorts, Short.MIN_VALUE);
        char[] chars = new char[n];
        Arrays.fill(chars, '\uffff');
        for (Object array : new Object[] {bytes(n, 1), floats, doubles, longs, ints, shorts, chars}) {
            Object back = side.take(put(array));
            assertThat(back).isNotSameAs(array).isEqualTo(array);
        }
    }

    @Test
    void whatIsSmallOrNoArrayOfNumbersIsLeftToTheCodec() {
        assertThat(producer.put(new byte[SideBuffer.LEAST_BYTES - 1])).isNull();
        assertThat(producer.put(new boolean[SideBuffer.LEAST_BYTES])).isNull();
        assertThat(producer.put("text")).isNull();
        assertThat(producer.put(new int[1000][1000])).isNull();
        assertThat(producer.put(new byte[SideBuffer.CAPACITY + 1])).isNull();
    }

    /** Many laps, with any number of arrays between the two sides. */
    @Test
    void noArrayIsOverwrittenBeforeItIsTaken() {
        Random random = new Random(2);
        Queue<byte[]> sent = new ArrayDeque<>();
        Queue<SideBuffer.Entry> under = new ArrayDeque<>();
        int refused = 0;
        for (int i = 0; i < 400; i++) {
            byte[] array = bytes(SideBuffer.LEAST_BYTES + random.nextInt(SideBuffer.CAPACITY / 3), i);
            producer.mark();
            SideBuffer.Entry entry = producer.put(array);
            if (entry == null) {
                refused++;
            } else if (random.nextInt(8) == 0) {
                producer.undo();
            } else {
                sent.add(array);
                under.add(entry);
            }
            while (!sent.isEmpty() && (entry == null || random.nextInt(3) == 0)) {
                assertThat(side.take(under.remove())).isEqualTo(sent.remove());
            }
        }
        while (!sent.isEmpty()) {
            assertThat(side.take(under.remove())).isEqualTo(sent.remove());
        }
        assertThat(refused).as("the buffer was full at times").isPositive();
        put(new byte[SideBuffer.CAPACITY]);
        assertThat(producer.put(new byte[SideBuffer.LEAST_BYTES])).isNull();
    }

    @Test
    void thePagesOfTheBeginningAreUsedAgainWhereAllIsTaken() {
        for (int i = 0; i < 50; i++) {
            SideBuffer.Entry entry = put(new byte[SideBuffer.LEAST_BYTES]);
            assertThat(entry.position() % SideBuffer.CAPACITY).isZero();
            side.take(entry);
        }
    }
}
