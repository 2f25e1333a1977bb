package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TensorTest extends ShareTestBase {
    private static Tensor table() {
        return Tensor.of(new int[] {0, 1, 2, 10, 11, 12}, 2, 3);
    }

    @Test
    void elementsLieRowByRow() {
        Tensor table = table();
        assertThat(table.shape()).containsExactly(2, 3);
        assertThat(table.rank()).isEqualTo(2);
        assertThat(table.size()).isEqualTo(6);
        assertThat(table.getLong(1, 2)).isEqualTo(12);
        assertThat(table.getDouble(0, 1)).isEqualTo(1.0);
        assertThat(table.isContiguous()).isTrue();
        assertThatThrownBy(() -> table.getLong(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.getLong(0, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.getLong(1)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("2 dimensions");
    }

    @Test
    void everyElementTypeKeepsItsValues() {
        for (ElementType type : ElementType.values()) {
            Tensor tensor = Tensor.allocate(type, 3, 2);
            tensor.setDouble(1, 2, 1);
            tensor.setLong(1, 0, 0);
            assertThat(tensor.getDouble(2, 1)).isEqualTo(1.0);
            assertThat(tensor.getDouble(0, 0)).isEqualTo(1.0);
            assertThat(tensor.getDouble(1, 1)).isZero();
            assertThat(tensor.type()).isEqualTo(type);
            assertThat(tensor.data().byteSize()).isEqualTo(6L * type.byteSize());
            String token = Share.write(tensor.transpose(), SHARED);
            Tensor copy = read(token, Tensor.class);
            assertThat(copy).isEqualTo(tensor.transpose()).hasSameHashCodeAs(tensor.transpose());
            assertThat(copy.isReadOnly()).isTrue();
            assertThatThrownBy(() -> copy.setLong(1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
            Share.free(token);
        }
    }

    @Test
    void halfPrecisionIsRoundedAsTheTypeSays() {
        Tensor tensor = Tensor.allocate(ElementType.FLOAT16, 2);
        tensor.setDouble(0.1, 0);
        tensor.setDouble(Double.POSITIVE_INFINITY, 1);
        assertThat(tensor.getDouble(0)).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(0.1f))).isNotEqualTo(0.1);
        assertThat(tensor.getDouble(1)).isInfinite();
        assertThatThrownBy(() -> tensor.getLong(0)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("float16");
    }

    @Test
    void slicesAreViews() {
        Tensor table = table();
        Tensor column = table.select(1, 2);
        assertThat(column).isEqualTo(Tensor.of(new int[] {2, 12}));
        column.setLong(99, 1);
        assertThat(table.getLong(1, 2)).isEqualTo(99);
        assertThat(table.slice(1, 1, 3)).isEqualTo(Tensor.of(new int[] {1, 2, 11, 99}, 2, 2));
        assertThat(table.slice(1, 0, 3, 2)).isEqualTo(Tensor.of(new int[] {0, 2, 10, 99}, 2, 2));
        assertThat(table.slice(0, 1, 2).isContiguous()).isTrue();
        assertThat(table.slice(0, 1, 1).size()).isZero();
        assertThat(table.slice(1, 3, 3).slice(0, 2, 2)).isEqualTo(Tensor.of(new int[0], 0, 0));
        assertThat(table.transpose().getLong(2, 1)).isEqualTo(99);
        assertThat(table.transpose(1, 0)).isEqualTo(table.transpose());
        assertThat(table.transpose().transpose()).isEqualTo(table);
        assertThat(table.select(0, 1).select(0, 0).getLong()).isEqualTo(10);
        assertThatThrownBy(() -> table.slice(2, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.slice(0, 1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.slice(0, 0, 2, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> table.transpose(0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> table.transpose(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whatIsNotContiguousSaysSoAndCanBeMadeSo() {
        Tensor column = table().select(1, 1);
        assertThat(column.isContiguous()).isFalse();
        assertThatThrownBy(column::data).isInstanceOf(IllegalStateException.class).hasMessageContaining("compact");
        assertThatThrownBy(() -> column.reshape(2, 1)).isInstanceOf(IllegalStateException.class);
        assertThat(column.compact().data().byteSize()).isEqualTo(8);
        assertThat(column.compact()).isEqualTo(column);
        assertThat(table().reshape(3, 2).getLong(2, 1)).isEqualTo(12);
        assertThatThrownBy(() -> table().reshape(4, 2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        MemorySegment data = MemorySegment.ofArray(new long[4]);
        assertThatThrownBy(() -> Tensor.of(ElementType.INT, data, 3, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("[3, 3]", "32 bytes");
        for (long[] shape : new long[][] {{-1}, {Long.MAX_VALUE, 2}, {Long.MAX_VALUE, 2, 0}, {1L << 62, 1}}) {
            assertThatThrownBy(() -> Tensor.of(ElementType.LONG, data, shape))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Tensor.of(ElementType.LONG, data, 1, 4, 1).size()).isEqualTo(4);
        assertThatThrownBy(() -> Tensor.of("text")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nestedArraysGoInAndOut() {
        double[][][] nested = {{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
        Tensor tensor = Tensor.copyOf(nested);
        assertThat(tensor.shape()).containsExactly(2, 3, 2);
        assertThat((double[][][]) tensor.toArray()).isDeepEqualTo(nested);
        assertThat((double[][]) tensor.select(2, 1).toArray()).isDeepEqualTo(new double[][] {{2, 4, 6}, {8, 10, 12}});
        assertThat((boolean[]) Tensor.of(new boolean[] {true, false}).toArray()).containsExactly(true, false);
        assertThatThrownBy(() -> Tensor.copyOf(new int[][] {{1}, {1, 2}})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tensor.copyOf(new int[][] {{1}, null})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tensor.copyOf(new String[] {"a"})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Tensor.of(new int[] {1}, 1).select(0, 0).toArray())
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theTextIsShortInManyDimensions() {
        long[] shape = new long[22];
        Arrays.fill(shape, 2);
        assertThat(Tensor.allocate(ElementType.BYTE, shape).toString()).hasSizeLessThan(3000).endsWith(", ...]");
    }

    /** Where an extent is 0 there is no memory for an origin to be in. */
    @Test
    void whatHasNoElementsCanBeTakenApartLikeAllElse() {
        Tensor empty = Tensor.copyOf(new float[5][0]);
        assertThat(empty.shape()).containsExactly(5, 0);
        assertThat((float[][]) empty.toArray()).isDeepEqualTo(new float[5][0]);
        assertThat(empty.select(0, 4).data().byteSize()).isZero();
        assertThat(empty.slice(0, 3, 5).asBuffer().remaining()).isZero();
        Tensor inner = Tensor.allocate(ElementType.LONG, 2, 0, 3).select(0, 1);
        assertThat(inner).isEqualTo(Tensor.allocate(ElementType.LONG, 0, 3)).hasToString("Tensor[long 0 x 3] []");
        assertThat(inner.compact().reshape(0).size()).isZero();
        assertThat(Share.read(Share.write(inner), Tensor.class)).isEqualTo(inner);
    }

    @Test
    void buffersGoInAndOut() {
        FloatBuffer floats = FloatBuffer.wrap(new float[] {9, 1, 2, 3, 4}, 1, 4);
        Tensor tensor = Tensor.of(floats, 2, 2);
        assertThat(tensor.getDouble(1, 1)).isEqualTo(4);
        assertThat(tensor.asBuffer()).isEqualTo(floats);
        assertThat(tensor.slice(0, 1, 2).asBuffer()).isEqualTo(FloatBuffer.wrap(new float[] {3, 4}));
        assertThat(Tensor.allocate(ElementType.INT, 3).asBuffer()).isEqualTo(IntBuffer.wrap(new int[3]));
        assertThat(Tensor.of(new boolean[2]).asBuffer()).isInstanceOf(ByteBuffer.class);
        assertThatThrownBy(() -> Tensor.of(ByteBuffer.allocate(8).asIntBuffer()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("BIG_ENDIAN");
    }

    @Test
    void equalityIsOfTypeShapeAndBits() {
        assertThat(table()).isEqualTo(table()).hasSameHashCodeAs(table());
        assertThat(table()).isNotEqualTo(table().reshape(3, 2)).isNotEqualTo(table().slice(0, 0, 1));
        assertThat(Tensor.of(new int[] {1})).isNotEqualTo(Tensor.of(new float[] {1}));
        assertThat(Tensor.of(new double[] {Double.NaN})).isEqualTo(Tensor.of(new double[] {Double.NaN}));
        assertThat(Tensor.of(new double[] {0.0})).isNotEqualTo(Tensor.of(new double[] {-0.0}));
    }

    @Test
    void theTextShowsTypeShapeAndElements() {
        assertThat(table()).hasToString("Tensor[int 2 x 3] [[0, 1, 2], [10, 11, 12]]");
        assertThat(Tensor.of(new float[20])).hasToString(
                "Tensor[float 20] [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, ...]");
        assertThat(Tensor.of(new boolean[] {true})).hasToString("Tensor[boolean 1] [true]");
    }
}
