package io.cleave.fission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerDiedException;
import io.cleave.WorkerException;
import io.cleave.os.Unistd;
import io.cleave.pool.Task;
import io.cleave.share.Codec;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A task that fails in a child fails for the caller, as if it had run there. The warm-ups are in this order because nobody
 * promises that a child can load what a failure needs; the calling JVM, which begins, can.
 */
final class FissionFailureTest {
    private static final List<Integer> ITEMS = IntStream.range(0, 200).boxed().toList();

    private static Throwable thrownBy(int warmUp, Task<Integer, Object> task) {
        try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
            fission.map(List.of(17), task);
            throw new AssertionError("nothing was thrown");
        } catch (Throwable t) {
            assertThat(ProcessHandle.current().children()).as("children after a failure").isEmpty();
            return t;
        }
    }

    private static WorkerException accountOf(Throwable thrown) {
        return Arrays.stream(thrown.getSuppressed()).filter(WorkerException.class::isInstance)
                .map(WorkerException.class::cast).findFirst().orElseThrow();
    }

    /** Such an exception is also what a child gets that has lost its parent. */
    @ParameterizedTest
    @ValueSource(ints = {1, 0})
    void aFailureLikeTheDeathOfAnotherProcessIsAFailureLikeAnyOther(int warmUp) {
        Throwable thrown = thrownBy(warmUp, x -> {
            throw new WorkerDiedException("mine");
        });
        assertThat(thrown).isExactlyInstanceOf(WorkerDiedException.class).hasMessage("mine");
        assertThat(accountOf(thrown).item()).isEqualTo("17");
        try (Fission fission = Fission.builder().warmUp(warmUp).codec(new LostCodec()).build()) {
            assertThatThrownBy(() -> fission.map(List.of(17), x -> List.of(x)))
                    .isExactlyInstanceOf(WorkerException.class)
                    .hasMessageContaining("the result of item 0 cannot be serialised").hasMessageContaining("mine");
        }
    }

    /** Uses another process, which has died. */
    static final class LostCodec implements Codec {
        @Override
        public String name() {
            return "lost";
        }

        @Override
        public byte[] encode(Object value) {
            if (value instanceof List) {
                throw new WorkerDiedException("mine");
            }
            return new byte[0];
        }

        @Override
        public Object decode(byte[] bytes, int offset, int length) {
            return "decoded";
        }
    }

    /** A result that can be written, and not be read. */
    static final class WriteOnly implements Serializable {
        private static final long serialVersionUID = 1L;

        private void readObject(ObjectInputStream in) throws IOException {
            throw new IllegalStateException("unreadable");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 3, 0})
    void aResultThatCannotBeDecodedFailsItsItem(int warmUp) {
        Task<Integer, Object> task = x -> x == 20 ? new WriteOnly() : x;
        try (Fission fission = Fission.builder().warmUp(warmUp).children(2).build()) {
            assertThatThrownBy(() -> fission.map(ITEMS, task)).isExactlyInstanceOf(WorkerException.class)
                    .hasMessageContaining("the result of item 20").hasMessageContaining("unreadable")
                    .satisfies(thrown -> assertThat(((WorkerException) thrown).item()).isEqualTo("20"));
            List<Object> before = new ArrayList<>();
            try (Stream<Object> results = fission.imap(ITEMS, task)) {
                assertThatThrownBy(() -> results.forEach(before::add)).isExactlyInstanceOf(WorkerException.class)
                        .hasMessageContaining("the result of item 20");
            }
            assertThat(before).isEqualTo(ITEMS.subList(0, 20));
        }
    }

    /** A checked exception with more than a message. */
    static final class Rejected extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        Rejected(String message, int code, Throwable cause) {
            super(message, cause);
            this.code = code;
        }
    }

    private static Object reject(int item) throws Rejected {
        Rejected rejected = new Rejected("rejected " + item, 42,
                new IOException("below", new ArithmeticException("at the bottom")));
        rejected.addSuppressed(new IllegalStateException("aside"));
        throw rejected;
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void anExceptionKeepsItsTypeFieldsMessageStackCausesAndSuppressed(int warmUp) {
        Throwable thrown = thrownBy(warmUp, FissionFailureTest::reject);
        assertThat(thrown).isExactlyInstanceOf(Rejected.class).hasMessage("rejected 17");
        assertThat(((Rejected) thrown).code).isEqualTo(42);
        assertThat(thrown.getStackTrace()[0].getMethodName()).isEqualTo("reject");
        assertThat(thrown.getStackTrace()).extracting(StackTraceElement::getClassName)
                .contains(FissionFailureTest.class.getName(), Body.Itemwise.class.getName());
        assertThat(thrown.getCause()).isExactlyInstanceOf(IOException.class).hasMessage("below");
        assertThat(thrown.getCause().getCause()).isExactlyInstanceOf(ArithmeticException.class)
                .hasMessage("at the bottom");
        assertThat(thrown.getSuppressed()).extracting(Throwable::getMessage).contains("aside");
    }

    @Test
    void theStackOfAnExceptionIsThatOfTheChild() {
        assertThat(thrownBy(0, FissionFailureTest::reject).getStackTrace())
                .extracting(StackTraceElement::getClassName).contains(ChildMain.class.getName());
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void theAccountTellsItemIndexWorkerAndStack(int warmUp) {
        WorkerException account = accountOf(thrownBy(warmUp, FissionFailureTest::reject));
        assertThat(account.item()).isEqualTo("17");
        assertThat(account.index()).isZero();
        assertThat(account.worker()).startsWith(warmUp == 0 ? "child " : "caller");
        assertThat(account.remoteStack()).contains("Rejected: rejected 17", "FissionFailureTest.reject",
                "Caused by: java.io.IOException: below", "Suppressed: java.lang.IllegalStateException: aside");
        assertThat(account).hasMessageContaining("item 0").hasMessageContaining("rejected 17");
    }

    /** An item whose text is long, or cannot be had. */
    private record Item(String text) {
        @Override
        public String toString() {
            if (text.isEmpty()) {
                throw new IllegalStateException("no text");
            }
            return text;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void theAccountNamesAnyItem(int warmUp) {
        List<Item> items = Arrays.asList(new Item("x".repeat(10_000)), new Item(""), null);
        List<String> texts = List.of("x".repeat(200) + "...",
                "an object whose toString failed with java.lang.IllegalStateException", "null");
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            String text = texts.get(i);
            try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
                assertThatThrownBy(() -> fission.map(Arrays.asList(item), x -> {
                    throw new IOException();
                })).isInstanceOf(IOException.class)
                        .satisfies(thrown -> assertThat(accountOf(thrown).item()).isEqualTo(text));
            }
        }
    }

    /** An item whose text fails in a way that no one expects. */
    private record Broken(Supplier<Error> error) {
        @Override
        public String toString() {
            throw error.get();
        }
    }

    /** A child that made the text of such an item would end by it, and nobody would learn what the task has thrown. */
    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void theTasksExceptionArrivesHoweverLargeOrBrokenItsItemIs(int warmUp) {
        List<Integer> many = Collections.nCopies(100_000_000, 12345);
        List<Object> items = List.of(many, new Broken(AssertionError::new), new Broken(OutOfMemoryError::new),
                new Broken(NoClassDefFoundError::new));
        for (Object item : items) {
            try (Fission fission = Fission.builder().warmUp(warmUp).build()) {
                assertThatThrownBy(() -> fission.map(List.of(item), x -> {
                    throw new IOException("the task's own");
                })).isInstanceOf(IOException.class).hasMessage("the task's own").satisfies(
                        thrown -> assertThat(accountOf(thrown).item()).hasSizeBetween(1, 210));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void theHelpfulMessageOfANullPointerExceptionIsKept(int warmUp) {
        Map<Integer, String> empty = new HashMap<>();
        Throwable thrown = thrownBy(warmUp, x -> empty.get(x).length());
        assertThat(thrown).isExactlyInstanceOf(NullPointerException.class)
                .hasMessageContaining("Cannot invoke \"String.length()\"").hasMessageContaining("is null");
        assertThat(accountOf(thrown)).isNotNull();
    }

    private static int endlessly(int x) {
        return x < 0 ? x : x + endlessly(x / 2 + 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void errorsArriveToo(int warmUp) {
        assertThat(thrownBy(warmUp, FissionFailureTest::endlessly)).isExactlyInstanceOf(StackOverflowError.class);
        assertThat(thrownBy(warmUp, x -> {
            throw new AssertionError("no", new IOException("below"));
        })).isExactlyInstanceOf(AssertionError.class).hasMessage("no").cause().isInstanceOf(IOException.class);
        assertThat(thrownBy(warmUp, x -> new long[Integer.MAX_VALUE])).isExactlyInstanceOf(OutOfMemoryError.class);
        assertThat(thrownBy(warmUp, x -> {
            throw new InterruptedException("so be it");
        })).isExactlyInstanceOf(InterruptedException.class).hasMessage("so be it");
    }

    /** There is too little memory to describe it. */
    static final class Enormous extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        @SuppressWarnings("OverrideThrowableToString") // it is what describes it
        public String toString() {
            throw new OutOfMemoryError("the message is too long");
        }
    }

    /** The child ended without a word. */
    @Test
    void whatCannotBeDescribedForWantOfMemoryIsNamed() {
        assertThat(thrownBy(0, x -> {
            throw new Enormous();
        })).isInstanceOf(WorkerException.class).hasMessageContaining(Enormous.class.getName())
                .hasMessageContaining("too little memory");
    }

    /** Holds what no serializer takes. */
    static final class Unserializable extends RuntimeException {
        private static final long serialVersionUID = 1L;
        @SuppressWarnings({"serial", "UnusedVariable"}) // what the test is about
        private final Object part = new Object();

        Unserializable(String message) {
            super(message);
        }
    }

    @Test
    void anExceptionThatCannotBeSerialisedArrivesAsAnAccountThatSaysSo() {
        assertThat(thrownBy(0, x -> {
            throw new Unserializable("told " + x);
        })).isExactlyInstanceOf(WorkerException.class).hasMessageContaining("told 17")
                .hasMessageContaining("Unserializable").hasMessageContaining("cannot be carried over")
                .satisfies(thrown -> {
                    assertThat(((WorkerException) thrown).index()).isZero();
                    assertThat(((WorkerException) thrown).item()).isEqualTo("17");
                    assertThat(((WorkerException) thrown).remoteStack()).contains("Unserializable: told 17", "\tat ");
                });
    }

    @Test
    void inTheCallingJvmSuchAnExceptionIsItself() {
        assertThat(thrownBy(10, x -> {
            throw new Unserializable("told " + x);
        })).isExactlyInstanceOf(Unserializable.class).hasMessage("told 17");
    }

    /** Can be written and not be read. */
    static final class Unreadable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unreadable(String message) {
            super(message);
        }

        private void readObject(ObjectInputStream in) throws IOException {
            throw new NotSerializableException("unreadable indeed");
        }
    }

    @Test
    void anExceptionThatCannotBeReadArrivesAsAnAccountWithTheReason() {
        assertThat(thrownBy(0, x -> {
            throw new Unreadable("told " + x);
        })).isExactlyInstanceOf(WorkerException.class).hasMessageContaining("told 17")
                .hasMessageContaining("unreadable indeed");
    }

    /** Fails even to say what it is. */
    static final class Mute extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("mute");
        }
    }

    @Test
    void anExceptionWithoutAMessageToBeHadArrives() {
        assertThat(thrownBy(0, x -> {
            throw new Mute();
        })).isExactlyInstanceOf(Mute.class);
    }

    // Results that cannot be sent

    record Order(String name, List<Line> lines, Map<String, Object> notes) {}

    record Line(int count, Object thing) {}

    private static Order order(Object thing) {
        return new Order("o", List.of(new Line(1, "fine"), new Line(2, thing)), Map.of());
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void anUnserialisableResultIsNamedWithItsPath(int warmUp) {
        Thread thing = Thread.currentThread();
        assertThat(thrownBy(warmUp, x -> order(thing))).isExactlyInstanceOf(WorkerException.class)
                .hasMessageContaining("result of item 0")
                .hasMessageContaining("Order.lines[1].thing is a java.lang.Thread");
        assertThat(thrownBy(warmUp, x -> new Order("o", List.of(), Map.of("key", thing))))
                .hasMessageContaining("Order.notes[key] is a java.lang.Thread");
        assertThat(thrownBy(warmUp, x -> new Object[] {1, new Object[] {Optional.of(thing)}}))
                .hasMessageContaining("Object[][1][0].get() is a java.lang.Thread");
        assertThat(thrownBy(warmUp, x -> new HashMap<>(Map.of(thing, 1))))
                .hasMessageContaining("HashMap.key(a Thread)").hasMessageContaining("is a java.lang.Thread");
        assertThat(thrownBy(warmUp, x -> thing)).hasMessageContaining("the value is a java.lang.Thread");
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void aLambdaThatIsNotSerializableIsNoResult(int warmUp) {
        Runnable lambda = () -> {};
        assertThat(thrownBy(warmUp, x -> new Line(1, lambda))).isExactlyInstanceOf(WorkerException.class)
                .hasMessageContaining("Line.thing is a ");
    }

    @Test
    void aListThatRefersToItselfDoesNotKeepTheSearchForever() {
        List<Object> endless = new ArrayList<>();
        endless.add(endless);
        endless.add(Thread.currentThread());
        assertThat(thrownBy(0, x -> endless)).isExactlyInstanceOf(WorkerException.class);
    }

    /** Encodes only to refuse later. */
    private static final class Grudging implements Serializable {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("UnusedMethod")
        private Object writeReplace() {
            throw new IllegalStateException("not today");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 0})
    void whatTheResultsOwnSerializationThrowsIsTold(int warmUp) {
        assertThat(thrownBy(warmUp, x -> List.of(new Grudging()))).isExactlyInstanceOf(WorkerException.class)
                .hasMessageContaining("[0] is a " + Grudging.class.getName());
    }

    // Which failure comes, and when

    @Test
    void mapFailsAtOnceThoughAnEarlierItemNeverEnds() {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            assertThatThrownBy(() -> fission.map(List.of(0, 1), x -> {
                while (x == 0) {
                    Thread.sleep(1);
                }
                throw new IOException("the second");
            })).isInstanceOf(IOException.class).hasMessage("the second");
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void imapUnorderedFailsAtOnceThoughAnEarlierItemNeverEnds() {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build();
                Stream<Integer> results = fission.imapUnordered(List.of(0, 1), x -> {
                    while (x == 0) {
                        Thread.sleep(1);
                    }
                    throw new IOException("the second");
                })) {
            assertThatThrownBy(results::toList).isInstanceOf(IOException.class).hasMessage("the second");
        }
    }

    @Test
    void amapFailsAtOnceThoughAnEarlierItemNeverEnds() {
        try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
            CompletableFuture<List<Integer>> results = fission.amap(List.of(0, 1), x -> {
                while (x == 0) {
                    Thread.sleep(1);
                }
                throw new IOException("the second");
            });
            assertThatThrownBy(() -> results.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).cause()
                    .isInstanceOf(IOException.class).hasMessage("the second");
        }
    }

    @Test
    void imapDeliversAllThatComesBeforeTheFirstFailureInOrderWhereverThatIs() {
        Random random = new Random(7);
        for (int round = 0; round < 16; round++) {
            int first = random.nextInt(ITEMS.size());
            int second = first + random.nextInt(ITEMS.size() - first);
            int children = 1 + random.nextInt(4);
            Fission.Builder builder = Fission.builder().children(children);
            if (round % 4 != 0) {
                builder.warmUp(random.nextInt(3));
            }
            Task<Integer, Integer> task = x -> {
                spin(20_000 + (x * 7919L) % 200_000);
                if (x == first || x == second) {
                    throw new IOException("item " + x);
                }
                return x;
            };
            List<Integer> received = new ArrayList<>();
            try (Fission fission = builder.build(); Stream<Integer> results = fission.imap(ITEMS, task)) {
                assertThatThrownBy(() -> results.forEachOrdered(received::add)).as("round %d", round)
                        .isInstanceOf(IOException.class).hasMessage("item " + first);
                assertThat(received).as("round %d", round).isEqualTo(ITEMS.subList(0, first));
                assertThat(ProcessHandle.current().children()).isEmpty();
            }
        }
    }

    @Test
    void imapDeliversCheapResultsBeforeAFailureToo() {
        List<Integer> items = IntStream.range(0, 3000).boxed().toList();
        for (int place = 0; place < items.size(); place += 97) {
            int last = place;
            List<Integer> received = new ArrayList<>();
            try (Fission fission = Fission.create()) {
                assertThatThrownBy(() -> fission.imap(items, x -> {
                    if (x == last) {
                        throw new IOException("item " + x);
                    }
                    return x;
                }).forEachOrdered(received::add)).isInstanceOf(IOException.class).hasMessage("item " + last);
            }
            assertThat(received).isEqualTo(items.subList(0, last));
        }
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** The failing item waits for a lock in children, so that it is computed in the calling JVM, before item 0 is done. */
    @Test
    void imapDeliversWhatComesBeforeAnItemThatFailsInTheCallingJvm() throws Exception {
        int parent = Unistd.getpid();
        SharedCounters failed = new SharedCounters(1);
        ReentrantLock lock = new ReentrantLock();
        try (LockHolder holder = new LockHolder(lock);
                Fission fission = Fission.builder().warmUp(1).children(2).itemTimeout(Delays.PATIENCE).build();
                Stream<Integer> results = fission.imap(List.of(-1, 0, 1), x -> {
                    if (x == 0) {
                        while (failed.get(0) == 0) {
                            Thread.sleep(1);
                        }
                    }
                    if (x == 1) {
                        lock.lock();
                        try {
                            failed.set(0, 1);
                            throw new IOException("in " + (Unistd.getpid() == parent ? "parent" : "child"));
                        } finally {
                            lock.unlock();
                        }
                    }
                    return x;
                })) {
            List<Integer> received = new ArrayList<>();
            assertThatThrownBy(() -> results.forEachOrdered(received::add)).isInstanceOf(IOException.class)
                    .hasMessage("in parent");
            assertThat(received).containsExactly(-1, 0);
            assertThat(holder.wasWaitedFor()).isTrue();
        }
    }

    @Test
    void theResultsOfAFailedStreamAreNotReadOn() {
        try (Fission fission = Fission.builder().warmUp(0).build()) {
            var each = fission.imap(ITEMS, x -> 100 / (x - 50)).iterator();
            for (int i = 0; i < 50; i++) {
                assertThat(each.next()).isEqualTo(100 / (i - 50));
            }
            assertThatThrownBy(each::hasNext).isInstanceOf(ArithmeticException.class);
            assertThat(each.hasNext()).isFalse();
        }
    }
}
