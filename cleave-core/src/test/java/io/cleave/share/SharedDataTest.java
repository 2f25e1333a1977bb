package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.BlockNotFoundException;
import io.cleave.TokenException;
import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class SharedDataTest extends ShareTestBase {
    @AfterEach
    void forget() {
        SharedData.clearCache();
    }

    private static Object load(String name) {
        return Objects.requireNonNull(SharedData.load(name, Object.class));
    }

    @Test
    void aProcessLoadsItOnce() {
        try (SharedData<Map<String, float[]>> data = SharedData.of(Map.of("w", floats(5000, 1)))) {
            Object loaded = load(data.name());
            assertThat(load(data.name())).isSameAs(loaded);
            assertThat(((float[]) ((Map<?, ?>) loaded).get("w"))).isEqualTo(floats(5000, 1));
            assertThat(data.byteSize()).isGreaterThan(20_000).isLessThan(22_000);
            assertThat(data.toString()).contains(data.name());
            assertThatThrownBy(() -> SharedData.load(data.name(), String.class))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void ofManyThreadsAllGetTheSame() {
        try (SharedData<List<Integer>> data = SharedData.of(List.of(1, 2, 3))) {
            List<Object> seen = IntStream.range(0, 64).parallel().mapToObj(i -> load(data.name())).toList();
            assertThat(seen).allSatisfy(loaded -> assertThat(loaded).isSameAs(seen.getFirst()));
        }
    }

    @Test
    void aSmallValueAndNullAreSharedAsWell() {
        try (SharedData<String> text = SharedData.of("text"); SharedData<String> nothing = SharedData.of(null)) {
            assertThat(load(text.name())).isEqualTo("text");
            assertThat(SharedData.load(nothing.name(), String.class)).isNull();
            assertThat(SharedData.load(nothing.name(), String.class)).isNull();
            assertThat(blocks()).hasSize(2);
            Share.free(nothing.name());
            assertThatThrownBy(() -> SharedData.load(nothing.name(), String.class))
                    .isInstanceOf(BlockNotFoundException.class);
        }
    }

    @Test
    void theCacheForgetsWhatNobodyHolds() {
        try (SharedData<float[]> data = SharedData.of(floats(5000, 1))) {
            WeakReference<Object> loaded = new WeakReference<>(load(data.name()));
            assertThat(Delays.within(Delays.PATIENCE, () -> {
                System.gc();
                return loaded.refersTo(null);
            })).isTrue();
            assertThat((float[]) load(data.name())).isEqualTo(floats(5000, 1));
        }
    }

    @Test
    void clearCacheMakesTheNextLoadANewOne() {
        try (SharedData<float[]> data = SharedData.of(floats(5000, 1))) {
            Object loaded = load(data.name());
            SharedData.clearCache();
            assertThat(load(data.name())).isNotSameAs(loaded).isEqualTo(loaded);
        }
    }

    @Test
    void whatIsLoadedStaysWhenTheValueIsClosed() {
        SharedData<float[]> data = SharedData.of(floats(5000, 1));
        Object loaded = load(data.name());
        data.close();
        data.close();
        assertThat(load(data.name())).isSameAs(loaded);
        SharedData.clearCache();
        assertThatThrownBy(() -> load(data.name())).isInstanceOf(BlockNotFoundException.class);
        assertThatThrownBy(() -> load("nonsense")).isInstanceOf(TokenException.class);
    }

    @Test
    void otherProcessesLoadItByItsName() {
        try (SharedData<float[]> data = SharedData.of(floats(5000, 7)); ChildJvm reader = helper()) {
            assertThat(ask(reader, "hold " + data.name(), "held "))
                    .isEqualTo(Double.toString(Helper.sumOf(floats(5000, 7))));
        }
    }

    @Test
    void oneNameIsLoadedAsEachOfTheTypesThatItCanBeHadAs() {
        try (SharedData<float[]> data = SharedData.of(floats(5000, 1))) {
            MemorySegment view = Objects.requireNonNull(SharedData.load(data.name(), MemorySegment.class));
            float[] array = Objects.requireNonNull(SharedData.load(data.name(), float[].class));
            assertThat(SharedData.load(data.name(), MemorySegment.class)).isSameAs(view);
            assertThat(SharedData.load(data.name(), float[].class)).isSameAs(array);
            assertThat(load(data.name())).isSameAs(array);
            assertThat(Objects.requireNonNull(SharedData.load(data.name(), Tensor.class)).size()).isEqualTo(5000);
            assertThatThrownBy(() -> SharedData.load(data.name(), String.class))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** Loads another value when it is decoded. */
    static final class Referrer implements Serializable {
        private static final long serialVersionUID = 1L;
        private final String name;
        private transient @Nullable Object target;

        Referrer(String name) {
            this.name = name;
        }

        private Object readResolve() {
            Referrer resolved = new Referrer(name);
            resolved.target = SharedData.load(name, Object.class);
            return resolved;
        }
    }

    @Test
    void whatIsDecodedMayLoadOthersInAnyThread() throws Exception {
        for (int round = 0; round < 50; round++) {
            try (SharedData<List<Integer>> inner = SharedData.of(List.of(round));
                    SharedData<Referrer> one = SharedData.of(new Referrer(inner.name()));
                    SharedData<Referrer> other = SharedData.of(new Referrer(one.name()))) {
                List<FutureTask<Object>> loads = new ArrayList<>();
                for (String name : List.of(other.name(), one.name(), inner.name(), other.name())) {
                    loads.add(new FutureTask<>(() -> load(name)));
                    Thread.ofPlatform().daemon().start(loads.getLast());
                }
                Referrer outer = (Referrer) loads.getFirst().get();
                assertThat(loads.getLast().get()).isSameAs(outer);
                Referrer middle = (Referrer) Objects.requireNonNull(outer.target);
                assertThat(loads.get(1).get()).isSameAs(middle);
                assertThat(loads.get(2).get()).isSameAs(middle.target).isEqualTo(List.of(round));
            }
        }
    }
}
