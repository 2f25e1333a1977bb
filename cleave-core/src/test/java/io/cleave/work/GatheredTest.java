package io.cleave.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.share.Codec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of results, small and large. */
final class GatheredTest {
    private static final int LARGE = 3 * PagedList.PAGE + 17;

    private static List<@Nullable Integer> model(int size) {
        return new ArrayList<>(Arrays.asList(IntStream.range(0, size).mapToObj(i -> i % 7 == 3 ? null : i)
                .toArray(Integer[]::new)));
    }

    private static List<@Nullable Integer> gathered(List<@Nullable Integer> model, long expected) {
        Gathered all = new Gathered(expected);
        model.forEach(all::add);
        return all.toList();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, -1", "0, 5", "1, 1", "5, 3", "4096, 4096", "4096, 10", "4097, 4097", "8192, -1",
            "12305, 100",
            "12305, 9999999999", "4095, -1"})
    void itHasWhatWasAddedHoweverManyWereExpected(int size, long expected) {
        List<@Nullable Integer> model = model(size);
        List<@Nullable Integer> list = gathered(model, expected);
        assertThat(list).isEqualTo(model).hasSameHashCodeAs(model).hasSize(size).isInstanceOf(RandomAccess.class);
        assertThat(model).isEqualTo(list);
        assertThat(list.toArray()).isEqualTo(model.toArray()).isExactlyInstanceOf(Object[].class);
        assertThat(list.toArray(new Integer[0])).isEqualTo(model.toArray(new Integer[0]));
        assertThat(list.toArray(new Integer[size + 2]))
                .isEqualTo(Arrays.copyOf(model.toArray(new Integer[0]), size + 2));
        assertThat(list.stream().toList()).isEqualTo(model);
        List<@Nullable Integer> seen = new ArrayList<>();
        list.forEach(seen::add);
        assertThat(seen).isEqualTo(model);
        assertThat(list.subList(size / 3, size)).isEqualTo(model.subList(size / 3, size));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, LARGE})
    void itCannotBeChanged(int size) {
        List<@Nullable Integer> list = gathered(model(size), size);
        assertThatThrownBy(() -> list.add(1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> list.set(0, 1)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> list.removeFirst()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> list.get(size)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> list.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aLargeOneIsSerializedAsAListOfTheJdk() throws IOException {
        List<@Nullable Integer> list = gathered(model(LARGE), LARGE);
        for (Codec codec : List.of(Codec.java(), Codec.standard())) {
            byte[] bytes = codec.encode(list);
            assertThat(codec.decode(bytes, 0, bytes.length)).isEqualTo(list).isExactlyInstanceOf(ArrayList.class);
        }
    }
}
