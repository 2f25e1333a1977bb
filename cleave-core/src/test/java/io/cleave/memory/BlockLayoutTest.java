package io.cleave.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.os.ProcessIdentity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Pins the format: where this fails on purpose, the version has to change. */
final class BlockLayoutTest {
    private static final BlockHeader HEADER = new BlockHeader(BlockLayout.MAGIC, 1, 4096, 0x0102030405060708L, 9, 1,
            0x1112131415161718L, new ProcessIdentity(0x21222324, 0x3132333435363738L, 0x4142434445464748L), 0x51525354,
            1);

    private static MemorySegment written() {
        MemorySegment segment = Arena.ofAuto().allocate(BlockLayout.HEADER_BYTES, 8);
        HEADER.write(segment);
        return segment;
    }

    @Test
    void everyFieldIsWhereVersionOneHasIt() {
        ByteBuffer expected = ByteBuffer.allocate(BlockLayout.FIELD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        expected.put("CLEAVEBK".getBytes(StandardCharsets.US_ASCII));
        expected.putInt(8, 1).putInt(12, 4096).putLong(16, 0x0102030405060708L).putInt(24, 9).putInt(28, 1);
        expected.putLong(32, 0x1112131415161718L).putInt(40, 0x21222324).putInt(44, 0x51525354);
        expected.putLong(48, 0x3132333435363738L).putLong(56, 0x4142434445464748L).putInt(64, 1);
        byte[] bytes = written().toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOf(bytes, BlockLayout.FIELD_BYTES)).isEqualTo(expected.array());
        assertThat(Arrays.copyOfRange(bytes, BlockLayout.FIELD_BYTES, bytes.length)).containsOnly(0);
    }

    @Test
    void theUsersBytesBeginOnAPageOfTheirOwn() {
        assertThat(BlockLayout.HEADER_BYTES).isEqualTo(4096);
        assertThat(BlockLayout.FIELD_BYTES).isEqualTo(68).isLessThanOrEqualTo(BlockLayout.HEADER_BYTES);
    }

    @Test
    void fieldsAreAlignedToTheirSize() {
        assertThat(LongStream.of(BlockLayout.MAGIC_AT, BlockLayout.BYTE_SIZE_AT, BlockLayout.CREATED_AT,
                BlockLayout.CREATOR_START_AT, BlockLayout.CREATOR_NAMESPACE_AT)).allMatch(at -> at % 8 == 0);
        assertThat(LongStream.of(BlockLayout.VERSION_AT, BlockLayout.HEADER_SIZE_AT, BlockLayout.KIND_AT,
                BlockLayout.LIFETIME_AT, BlockLayout.CREATOR_PID_AT, BlockLayout.CREATOR_UID_AT, BlockLayout.READY_AT))
                .allMatch(at -> at % 4 == 0);
    }

    @Test
    void whatWasWrittenIsRead() {
        assertThat(BlockHeader.read(written())).isEqualTo(HEADER);
    }

    @Test
    void theNumbersOfKindsAndLifetimesStay() {
        assertThat(BlockKind.MEMORY.number()).isEqualTo(1);
        assertThat(Lifetime.ATTACHED.number()).isZero();
        assertThat(Lifetime.PERSISTENT.number()).isEqualTo(1);
    }
}
