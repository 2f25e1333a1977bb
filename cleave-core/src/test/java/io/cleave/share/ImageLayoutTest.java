package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Pins the format: where this fails on purpose, the version has to change. */
final class ImageLayoutTest {
    private static ByteBuffer image(Object value) {
        String token = Share.write(value, ShareTestBase.INLINE);
        byte[] bytes = Base64.getUrlDecoder().decode(token.substring("cleave:1:i:".length()));
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - 4);
        ByteBuffer image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(image.getInt(bytes.length - 4)).isEqualTo((int) crc.getValue());
        return image.slice(0, bytes.length - 4).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void everyFieldIsWhereVersionOneHasIt() {
        ByteBuffer image = image(Tensor.of(new int[] {1, 2, 3, 4, 5, 6}, 2, 3));
        assertThat(text(image, 0, 8)).isEqualTo("CLEAVEVL");
        assertThat(image.getInt(8)).isEqualTo(1);
        assertThat(image.getInt(12)).as("live").isEqualTo(1);
        assertThat(image.getLong(32)).as("any number of reads").isEqualTo(-1);
        assertThat(image.getLong(40)).as("content").isEqualTo(192 + 24).isEqualTo(image.capacity());
        assertThat(image.getLong(48)).as("meta").isEqualTo(128 + 24 + 16);
        assertThat(image.getInt(56)).isZero();
        assertThat(image.getInt(60)).as("parts").isEqualTo(1);
        assertThat(image.getInt(100)).as("extents").isEqualTo(2);
        assertThat(image.get(128)).as("a tensor").isEqualTo((byte) 4);
        assertThat(image.get(129)).as("of int").isEqualTo((byte) 5);
        assertThat(image.get(130)).as("in little-endian order").isZero();
        assertThat(image.get(131)).as("of two dimensions").isEqualTo((byte) 2);
        assertThat(image.getLong(136)).isEqualTo(192);
        assertThat(image.getLong(144)).isEqualTo(24);
        assertThat(image.getLong(152)).isEqualTo(2);
        assertThat(image.getLong(160)).isEqualTo(3);
        assertThat(image.getInt(192)).isEqualTo(1);
    }

    @Test
    void theChecksumIsOfEverythingBeforeThePartsThatDoesNotChange() {
        ByteBuffer image = image(new byte[] {1, 2, 3});
        byte[] bytes = new byte[image.capacity()];
        image.get(0, bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, 12);
        crc.update(bytes, 16, 16);
        crc.update(bytes, 40, 56);
        crc.update(bytes, 100, 128 + 24 - 100);
        assertThat(image.getInt(96)).isEqualTo((int) crc.getValue());
    }

    @Test
    void theCodecIsNamed() {
        assertThat(text(image("a text"), 64, 8)).isEqualTo("standard");
        assertThat(text(image(new byte[1]), 64, 8)).isEqualTo("\0".repeat(8));
    }

    private static String text(ByteBuffer image, int at, int length) {
        byte[] bytes = new byte[length];
        image.get(at, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void numbersOfTypesAndKindsStay() {
        assertThat(Arrays.stream(ElementType.values()).mapToInt(ElementType::number)).containsExactly(1, 2, 3, 4, 5, 6,
                7,
                8, 9);
        assertThat(Arrays.stream(Part.Kind.values()).mapToInt(Part.Kind::number)).containsExactly(1, 2, 3, 4);
        for (ElementType type : ElementType.values()) {
            assertThat(ElementType.of(type.number())).isEqualTo(type);
        }
        assertThat(ElementType.of(0)).isNull();
        assertThat(ElementType.of(10)).isNull();
        assertThat(Part.Kind.of(5)).isNull();
    }

    @Test
    void wordsThatProcessesShareAreAligned() {
        assertThat(ImageLayout.STATE_AT % 4).isZero();
        assertThat(ImageLayout.READS_AT % 8).isZero();
        assertThat(ImageLayout.ALIGNMENT).isEqualTo(64);
        MemorySegment image = MemorySegment.ofArray(new long[16]);
        assertThat(ImageLayout.casState(image, 0, 7)).isTrue();
        assertThat(image.get(ValueLayout.JAVA_INT, 12)).isEqualTo(7);
        assertThat(ImageLayout.casReads(image, 0, 9)).isTrue();
        assertThat(image.get(ValueLayout.JAVA_LONG, 32)).isEqualTo(9);
    }
}
