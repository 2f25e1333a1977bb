package io.cleave.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever the methods of a user's object do, on whatever path: each call ends, and the pool goes on. */
final class HostileValuesTest {
    /** The method that misbehaves. */
    enum Method {
        TO_STRING, HASH_CODE, EQUALS, WRITE, READ, MESSAGE, CAUSE, STACK, PRINT;

        private boolean isOfExceptions() {
            return compareTo(MESSAGE) >= 0;
        }
    }

    /** What it does. */
    enum Deed {
        THROW_EXCEPTION, THROW_ERROR, RUN_OUT_OF_STACK, USE_THE_POOL;

        void happen() {
            switch (this) {
                case THROW_EXCEPTION -> throw new IllegalStateException("hostile");
                case THROW_ERROR -> throw new Error("hostile");
                case RUN_OUT_OF_STACK -> throw new StackOverflowError();
                case USE_THE_POOL -> {
                    ProcessPool here = pool;
                    if (here != null) {
                        assertThat(here.submit(() -> 5).join()).isEqualTo(5);
                    }
                }
            }
        }
    }

    /** Where the object is met. */
    enum Path {
        ITEM, ITEM_OF_A_DEAD_WORKER, ITEM_THAT_TAKES_TOO_LONG, RESULT, CAPTURED, THROWN
    }

    private static final Duration TIMEOUT = Delays.scaled(Duration.ofSeconds(1));

    /** Of the JVM that tests; null in workers. */
    private static volatile @Nullable ProcessPool pool;

    private static final class Hostile implements Serializable {
        private static final long serialVersionUID = 1L;
        private final Method method;
        private final Deed deed;

        Hostile(Method method, Deed deed) {
            this.method = method;
            this.deed = deed;
        }

        private void at(Method now) {
            if (method == now) {
                deed.happen();
            }
        }

        @Override
        public String toString() {
            at(Method.TO_STRING);
            return "hostile";
        }

        @Override
        public int hashCode() {
            at(Method.HASH_CODE);
            return 1;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            at(Method.EQUALS);
            return this == other;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            at(Method.WRITE);
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            at(Method.READ);
        }
    }

    private static final class HostileException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final Method method;
        private final Deed deed;

        HostileException(Method method, Deed deed) {
            super("hostile");
            this.method = method;
            this.deed = deed;
        }

        private void at(Method now) {
            if (method == now) {
                deed.happen();
            }
        }

        @Override
        public String toString() {
            at(Method.TO_STRING);
            return super.toString();
        }

        @Override
        public @Nullable String getMessage() {
            at(Method.MESSAGE);
            return super.getMessage();
        }

        @Override
        public synchronized @Nullable Throwable getCause() {
            at(Method.CAUSE);
            return super.getCause();
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            at(Method.STACK);
            return super.getStackTrace();
        }

        @Override
        public void printStackTrace(PrintWriter to) {
            at(Method.PRINT);
            super.printStackTrace(to);
        }

        @Override
        public void printStackTrace(PrintStream to) {
            at(Method.PRINT);
            super.printStackTrace(to);
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            at(Method.WRITE);
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            at(Method.READ);
        }
    }

    private static ProcessPool open(Path path) {
        ProcessPool.Builder builder = ProcessPool.builder().workers(2).output(WorkerOutput.DISCARD);
        return (path == Path.ITEM_THAT_TAKES_TOO_LONG ? builder.taskTimeout(TIMEOUT) : builder).build();
    }

    private static Object outcome(Future<?> future) throws Exception {
        try {
            return String.valueOf(future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS) == null);
        } catch (ExecutionException e) {
            return e;
        }
    }

    private static CompletableFuture<?> call(ProcessPool of, Path path, Method method, Deed deed) {
        return switch (path) {
            case ITEM -> of.amap(List.of(1, new Hostile(method, deed)), x -> 1);
            case ITEM_OF_A_DEAD_WORKER -> of.amap(List.of(new Hostile(method, deed)), x -> {
                Runtime.getRuntime().halt(1);
                return 1;
            });
            case ITEM_THAT_TAKES_TOO_LONG -> of.amap(List.of(new Hostile(method, deed)), x -> {
                Thread.sleep(100_000);
                return 1;
            });
            case RESULT -> of.submit(() -> new Hostile(method, deed));
            case CAPTURED -> {
                Hostile captured = new Hostile(method, deed);
                yield of.submit(() -> captured == null ? 1 : 2);
            }
            case THROWN -> of.submit(() -> {
                throw new HostileException(method, deed);
            });
        };
    }

    @ParameterizedTest
    @EnumSource(Path.class)
    void eachCallEndsAndThePoolGoesOn(Path path) throws Exception {
        try (ProcessPool of = open(path)) { // which can be closed
            pool = of;
            for (Method method : Method.values()) {
                boolean isMet = path == Path.THROWN || !method.isOfExceptions();
                List<Deed> deeds = path == Path.ITEM_THAT_TAKES_TOO_LONG ? List.of(Deed.THROW_ERROR)
                        : List.of(Deed.values());
                for (Deed deed : isMet ? deeds : List.<Deed>of()) {
                    check(of, path, method, deed);
                }
            }
        } finally {
            pool = null;
        }
    }

    private static void check(ProcessPool of, Path path, Method method, Deed deed) throws Exception {
        try {
            assertThat(outcome(call(of, path, method, deed))).isNotNull();
        } catch (RuntimeException | Error refused) {
            assertThat(method).isEqualTo(Method.WRITE); // the caller hears at once of what cannot be sent
        }
        assertThat(of.submit(() -> 7).get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(7);
    }

    /** What is read so slowly that the pool can be used meanwhile. */
    private static final class Slow implements Serializable {
        private static final long serialVersionUID = 1L;
        private static final CountDownLatch READING = new CountDownLatch(1);
        private static final CountDownLatch GO_ON = new CountDownLatch(1);

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            READING.countDown();
            try {
                assertThat(GO_ON.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Test
    void whileAResultIsReadOthersUseThePoolAndWhatHangsOnItMayWaitForThePool() throws Exception {
        try (ProcessPool own = ProcessPool.builder().workers(1).output(WorkerOutput.DISCARD).build()) {
            CompletableFuture<Slow> slow = own.submit(() -> new Slow());
            CompletableFuture<Integer> leading = CompletableFuture.supplyAsync(
                    () -> own.map(List.of(1, 2), x -> x).size(),
                    task -> new Thread(task).start());
            assertThat(Slow.READING.await(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isTrue();
            CompletableFuture<Integer> hung = slow.thenApply(_ -> own.submit(() -> 5).join());
            assertThat(leading.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(2);
            assertThat(own.submit(() -> 6).get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(6);
            Slow.GO_ON.countDown();
            assertThat(hung.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS)).isEqualTo(5);
        }
    }
}
