package io.cleave.channel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Pins the format of rings, which two processes must agree about. */
final class RingLayoutTest {
    private static final int CAPACITY = 1024;

    private final MemorySegment memory = Arena.ofAuto().allocate(Ring.bytesFor(CAPACITY), 64);
    private final Ring.Producer producer = new Ring(memory, CAPACITY)
            .producer(new Doorbell(Arena.ofAuto().allocate(Doorbell.BYTES, 64)), () -> true);

    @Test
    void eachPartIsAloneOnItsCacheLines() {
        assertThat(LongStream.of(RingLayout.HEAD, RingLayout.TAIL, RingLayout.SPACE, RingLayout.DATA).toArray())
                .containsExactly(0, 64, 128, 192);
        assertThat(Doorbell.BYTES).isEqualTo(64);
        assertThat(Ring.bytesFor(CAPACITY)).isEqualTo(192 + CAPACITY).isEqualTo(memory.byteSize());
    }

    @Test
    void aFrameIsAHeaderOfEightBytesAndThePayloadPaddedToEight() {
        assertThat(RingLayout.FRAME_HEADER).isEqualTo(8);
        assertThat(RingLayout.padded(0)).isEqualTo(8);
        assertThat(RingLayout.padded(1)).isEqualTo(16);
        assertThat(RingLayout.padded(8)).isEqualTo(16);
        assertThat(RingLayout.padded(9)).isEqualTo(24);
    }

    @Test
    void framesAreWrittenAsDescribed() {
        producer.write(0x1234, new byte[] {0, 0x11, 0x22, 0x33, 0}, 1, 3);
        producer.write(7, 8, 0x0102030405060708L);
        producer.write(9, 0, 0);
        assertThat(memory.get(JAVA_LONG, 0)).as("head").isEqualTo(16 + 16 + 8);
        assertThat(memory.get(JAVA_LONG, 64)).as("tail").isZero();
        MemorySegment data = memory.asSlice(192);
        assertThat(data.get(JAVA_INT, 0)).as("length").isEqualTo(3);
        assertThat(data.get(JAVA_INT, 4)).as("kind").isEqualTo(0x1234);
        assertThat(data.asSlice(8, 3).toArray(JAVA_BYTE)).containsExactly(0x11, 0x22, 0x33);
        assertThat(data.get(JAVA_INT, 16)).isEqualTo(8);
        assertThat(data.get(JAVA_INT, 20)).isEqualTo(7);
        assertThat(data.get(JAVA_LONG, 24)).isEqualTo(0x0102030405060708L);
        assertThat(data.get(JAVA_INT, 32)).isZero();
        assertThat(data.get(JAVA_INT, 36)).isEqualTo(9);
    }

    @Test
    void allPiecesOfALargeFrameButTheLastAreMarked() {
        int length = 2 * CAPACITY / 4 + 1;
        producer.write(5, new byte[length], 0, length);
        MemorySegment data = memory.asSlice(192);
        assertThat(data.get(JAVA_INT, 0)).isEqualTo(256);
        assertThat(data.get(JAVA_INT, 4)).isEqualTo(0x10005);
        assertThat(data.get(JAVA_INT, 264)).isEqualTo(256);
        assertThat(data.get(JAVA_INT, 268)).isEqualTo(0x10005);
        assertThat(data.get(JAVA_INT, 528)).isEqualTo(1);
        assertThat(data.get(JAVA_INT, 532)).isEqualTo(5);
    }
}
