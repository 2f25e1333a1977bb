package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which interfaces can be those of live objects, and what their methods do. */
class LiveInterfaceTest {
    private SharedHeap heap;

    @BeforeEach
    void open() {
        heap = SharedHeap.create("live-types" + ProcessHandle.current().pid(), 64 << 20);
    }

    @AfterEach
    void close() {
        HeapVerification report = heap.verify();
        assertThat(report.isSound()).as(report::toString).isTrue();
        heap.close();
    }

    /** Something with a name of a type that is said elsewhere. */
    interface Named<T> {
        T name();

        void name(T value);
    }

    /** Something that is counted. */
    interface Counted {
        long count();

        long getAndAddCount(long delta);

        long addAndGetCount(long delta);

        long incrementAndGetCount();

        long getAndIncrementCount();

        long decrementAndGetCount();

        long getAndDecrementCount();

        boolean compareAndSetCount(long expected, long value);

        long getAndSetCount(long value);

        default long twice() {
            return 2 * count();
        }
    }

    /** Both, inherited on two ways. */
    interface Item extends Named<String>, Counted, Again {
        @Override
        default long twice() {
            return Counted.super.twice() + secret();
        }

        private long secret() {
            return 1;
        }

        static String kind() {
            return "item";
        }

        SharedMap<String, List<Integer>> table();

        Map<Integer, Long> plain();
    }

    /** The same field once more. */
    interface Again {
        long count();
    }

    /** Whole numbers of fewer bits. */
    interface Small {
        byte b();

        byte getAndAddB(byte delta);

        byte addAndGetB(byte delta);

        char c();

        char incrementAndGetC();

        char decrementAndGetC();

        int i();

        int addAndGetI(int delta);

        boolean compareAndSetI(int expected, int value);

        @FieldAccess(FieldAccess.Mode.VOLATILE)
        double d();

        void d(double value);

        boolean compareAndSetD(double expected, double value);

        @FieldAccess(FieldAccess.Mode.PLAIN)
        boolean on();

        void on(boolean value);

        boolean getAndSetOn(boolean value);
    }

    @Test
    void methodsAreInheritedWithWhatTheirTypesStandFor() {
        Item item = heap.object("i", Item.class);
        item.name("a name that is longer than a word");
        assertThat(item.name()).isEqualTo("a name that is longer than a word");
        assertThat(item.getAndAddCount(5)).isZero();
        assertThat(item.addAndGetCount(2)).isEqualTo(7);
        assertThat(item.incrementAndGetCount()).isEqualTo(8);
        assertThat(item.getAndIncrementCount()).isEqualTo(8);
        assertThat(item.decrementAndGetCount()).isEqualTo(8);
        assertThat(item.getAndDecrementCount()).isEqualTo(8);
        assertThat(item.compareAndSetCount(8, 1)).isFalse();
        assertThat(item.compareAndSetCount(7, 1)).isTrue();
        assertThat(item.getAndSetCount(4)).isEqualTo(1);
        assertThat(item.twice()).isEqualTo(9);
        item.table().put("a", List.of(1, 2));
        item.table().get("a").add(3);
        item.plain().put(1, 2L);
        assertThat(item.table().get("a")).containsExactly(1, 2, 3);
        assertThat(item.plain()).containsEntry(1, 2L);
        assertThat(item.toString()).startsWith("Item[count=4, name=a name");
        assertThat(item.equals(null)).isFalse();
    }

    @Test
    void smallNumbersOverflowAsTheirTypesDo() {
        Small it = heap.object("s", Small.class);
        assertThat(it.addAndGetB((byte) 127)).isEqualTo((byte) 127);
        assertThat(it.getAndAddB((byte) 1)).isEqualTo((byte) 127);
        assertThat(it.b()).isEqualTo((byte) -128);
        assertThat(it.decrementAndGetC()).isEqualTo('\uffff');
        assertThat(it.incrementAndGetC()).isEqualTo('\0');
        assertThat(it.addAndGetI(Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
        assertThat(it.addAndGetI(1)).isEqualTo(Integer.MIN_VALUE);
        assertThat(it.compareAndSetI(Integer.MIN_VALUE, -1)).isTrue();
        assertThat(it.i()).isEqualTo(-1);
        it.d(0.5);
        assertThat(it.compareAndSetD(0.5, -0.0)).isTrue();
        assertThat(it.compareAndSetD(0.0, 1)).isFalse();
        it.on(true);
        assertThat(it.getAndSetOn(false)).isTrue();
        assertThat(it.on()).isFalse();
    }

    @Test
    void nothingIsLostOfWhatManyThreadsAdd() throws Exception {
        Item item = heap.object("i", Item.class);
        int threads = 4;
        int calls = 5_000;
        try (var pool = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> all = new java.util.ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(pool.submit(() -> {
                    for (int n = 0; n < calls; n++) {
                        item.incrementAndGetCount();
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        assertThat(item.count()).isEqualTo((long) threads * calls);
    }

    /** No accessor. */
    interface Verb {
        int x();

        int x(int a, int b);
    }

    /** The types of the two are different. */
    interface OtherType {
        int x();

        void x(long value);
    }

    /** Nobody reads it. */
    interface WriteOnly {
        int x();

        void y(int value);
    }

    /** A value is no number. */
    interface AddsText {
        String x();

        String getAndAddX(String value);
    }

    /** A floating-point number is no whole one. */
    interface AddsDouble {
        double x();

        double addAndGetX(double value);
    }

    /** It returns something else. */
    interface WrongResult {
        int x();

        int compareAndSetX(int expected, int value);
    }

    /** Nobody knows what is in it. */
    @SuppressWarnings("rawtypes") // that is what it is about
    interface RawList {
        List x();
    }

    /** A queue has a name of its own. */
    interface WithQueue {
        SharedQueue<String> x();
    }

    /** It is in itself. */
    interface Node {
        Node next();

        void next(Node value);
    }

    /** Two methods read one field. */
    interface Twice {
        int x();

        int getX();
    }

    /** A method with a type of its own. */
    interface Generic {
        int x();

        <T> void y(T value);
    }

    /** Whatever T is. */
    interface Open<T> {
        T x();
    }

    /** Only primitives have a mode. */
    interface WrongMode {
        @FieldAccess(FieldAccess.Mode.PLAIN)
        String x();
    }

    /** It has no field. */
    interface None {
        default int x() {
            return 1;
        }
    }

    @ParameterizedTest
    @ValueSource(classes = {Verb.class, OtherType.class, WriteOnly.class, AddsText.class, AddsDouble.class,
            WrongResult.class, RawList.class, WithQueue.class, Twice.class, Generic.class, WrongMode.class})
    void anInterfaceThatIsWrongIsRefusedWithTheMethodThatIs(Class<?> type) {
        assertThatThrownBy(() -> heap.object("x", type)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("live objects of " + type.getTypeName()).hasMessageContaining("its method public")
                .hasMessageContaining("is wrong: ");
        assertThat(heap.names()).isEmpty();
    }

    /** A record can be no live object. */
    record Pair(int x, int y) {}

    @ParameterizedTest
    @ValueSource(classes = {Node.class, Open.class, None.class, Pair.class, String.class, int.class})
    void whatCanBeNoLiveObjectIsRefused(Class<?> type) {
        assertThatThrownBy(() -> heap.object("x", type)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(type.getTypeName());
        assertThat(heap.names()).isEmpty();
    }

    @Test
    void anInterfaceOfTheJdkIsRefusedAndALookupIsTaken() {
        assertThatThrownBy(() -> heap.object("x", BlockingQueue.class)).isInstanceOf(IllegalArgumentException.class);
        assertThat(heap.object("y", Counted.class, MethodHandles.lookup()).count()).isZero();
    }

    @Test
    void anInterfaceOfAnotherClassLoaderIsImplementedThere() throws Exception {
        for (int i = 0; i < 2; i++) {
            Class<?> type = LiveVersions.define("example.Account", Map.of("cents", long.class, "owner", String.class));
            Object account = heap.object("a", type);
            assertThat(account.getClass().getClassLoader()).isSameAs(type.getClassLoader());
            assertThat(account.getClass().isHidden()).isTrue();
            LiveVersions.set(account, "owner", "somebody with a long name " + i);
            assertThat(LiveVersions.get(account, "owner")).isEqualTo("somebody with a long name " + i);
            assertThat(Objects.requireNonNull(account.toString())).contains("cents=0");
        }
    }
}
