package io.cleave.pool;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.MTD_void;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.WorkerException;
import io.cleave.testing.Delays;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a pool of worker JVMs refuses, and how it says so. */
final class ProcessPoolInputTest {
    /** An order whose lines may hold anything. */
    private record Order(String customer, List<Object> lines) implements Serializable {}

    private static Order unsendable() {
        return new Order("c", Arrays.asList("a line", Thread.currentThread()));
    }

    private static @Nullable Object get(java.util.concurrent.Future<?> future) throws Exception {
        return future.get(Delays.PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    }

    static Stream<Consumer<ProcessPool.Builder>> badSettings() {
        return Stream.of(builder -> builder.workers(0), builder -> builder.workers(-1), builder -> builder.chunkSize(0),
                builder -> builder.maxTasksPerWorker(0), builder -> builder.maxRssGrowth(0),
                builder -> builder.maxRetries(-1), builder -> builder.taskTimeout(Duration.ZERO),
                builder -> builder.taskTimeout(Duration.ofMillis(-1)), builder -> builder.idleTimeout(Duration.ZERO),
                builder -> builder.concurrency(0), builder -> builder.concurrency(61));
    }

    @ParameterizedTest
    @MethodSource("badSettings")
    void settingsThatMakeNoSenseAreRefusedWithTheirValue(Consumer<ProcessPool.Builder> setting) {
        assertThatIllegalArgumentException().isThrownBy(() -> setting.accept(ProcessPool.builder()))
                .withMessageMatching(".*(must be|at most).*[0-9S].*");
    }

    @Test
    void nullIsRefused() {
        ProcessPool.Builder builder = ProcessPool.builder();
        assertThatNullPointerException().isThrownBy(() -> builder.initializer(null));
        assertThatNullPointerException().isThrownBy(() -> builder.output(null));
        assertThatNullPointerException().isThrownBy(() -> builder.progress(null));
        assertThatNullPointerException().isThrownBy(() -> builder.jvmOptions("-ea", null));
        try (ProcessPool pool = ProcessPool.create(1)) {
            assertThatNullPointerException().isThrownBy(() -> pool.map(List.of(1), null)).withMessageContaining("task");
            assertThatNullPointerException().isThrownBy(() -> pool.submit((SerializableCallable<Object>) null))
                    .withMessageContaining("task");
        }
        assertThatIllegalArgumentException().isThrownBy(() -> ProcessPool.create(0)).withMessageContaining("workers");
    }

    @Test
    void aClosedPoolSaysSo() {
        ProcessPool pool = ProcessPool.create(1);
        pool.close();
        assertThatThrownBy(() -> pool.map(List.of(1), x -> x)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> pool.submit(() -> 1)).isInstanceOf(RejectedExecutionException.class);
        assertThat(pool.workerPids()).isEmpty();
    }

    @Test
    void aTaskThatCannotBeSentIsRefusedAtOnceWithThePathToTheFault() {
        Order order = unsendable();
        try (ProcessPool pool = ProcessPool.create(1)) {
            assertThatIllegalArgumentException().isThrownBy(() -> pool.submit(() -> order.lines().size()))
                    .withMessageContaining("the task cannot be sent").withMessageContaining(".lines[1] is a ")
                    .withMessageContaining("Thread");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pool.map(List.of(1), x -> order.lines().size()))
                    .withMessageContaining(".lines[1] is a ");
            Callable<Integer> plain = () -> 1;
            assertThatIllegalArgumentException().isThrownBy(() -> pool.submit(plain))
                    .withMessageContaining("not java.io.Serializable")
                    .withMessageContaining("Callable<T> & Serializable");
            assertThat(pool.workerPids()).as("no worker was troubled").isEmpty();
        }
    }

    @Test
    void anInitializerThatCannotBeSentIsRefusedBeforeThereIsAPool() {
        Order order = unsendable();
        ProcessPool.Builder builder = ProcessPool.builder().initializer(() -> order.lines().clear());
        assertThatIllegalArgumentException().isThrownBy(builder::build)
                .withMessageContaining("the initializer cannot be sent").withMessageContaining(".lines[1] is a ");
    }

    @Test
    void anItemThatCannotBeSentIsNamedByIndexAndPath() {
        try (ProcessPool pool = ProcessPool.create(1)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> pool.map(List.of(new Order("a", List.of()), unsendable()), Order::customer))
                    .withMessageContaining("item 1 cannot be sent").withMessageContaining("Order.lines[1] is a ")
                    .withMessageContaining("Thread");
            assertThat(pool.map(List.of(new Order("a", List.of())), Order::customer)).containsExactly("a");
        }
    }

    @Test
    void aResultThatCannotBeSentIsNamedByIndexAndPath() {
        try (ProcessPool pool = ProcessPool.create(1)) {
            assertThatThrownBy(() -> pool.map(List.of(0, 1), x -> x == 0 ? "fine" : unsendable()))
                    .isInstanceOfSatisfying(WorkerException.class, account -> {
                        assertThat(account).hasMessageContaining("the result of item 1 cannot be serialised")
                                .hasMessageContaining("Order.lines[1] is a ").hasMessageContaining("Thread");
                        assertThat(account.index()).isEqualTo(1);
                        assertThat(account.item()).isEqualTo("1");
                    });
            assertThat(pool.map(List.of(1, 2), x -> x)).containsExactly(1, 2);
        }
    }

    private static final String STRANGER = "elsewhere.Stranger";
    private static final String RESULT = "elsewhere.Result";

    /** Makes a class that is in this directory and nowhere else. */
    private static void write(String name, Path directory) throws Exception {
        byte[] bytes = ClassFile.of().build(ClassDesc.of(name), type -> type.withFlags(ClassFile.ACC_PUBLIC)
                .withSuperclass(CD_Object).withInterfaceSymbols(ClassDesc.of(Task.class.getName()))
                .withMethodBody("<init>", MTD_void, ClassFile.ACC_PUBLIC,
                        code -> code.aload(0).invokespecial(CD_Object, "<init>", MTD_void).return_())
                .withMethodBody("apply", MethodTypeDesc.of(CD_Object, CD_Object), ClassFile.ACC_PUBLIC,
                        code -> code.ldc("from elsewhere").areturn()));
        Path file = directory.resolve(name.replace('.', '/') + ".class");
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }

    @SuppressWarnings("unchecked")
    private static Task<Object, Object> load(String name, ClassLoader loader) throws ReflectiveOperationException {
        return (Task<Object, Object>) loader.loadClass(name).getDeclaredConstructor().newInstance();
    }

    @Test
    void aClassThatWorkersOrThePoolCannotLoadIsNamed(@TempDir Path directory) throws Exception {
        write(STRANGER, directory);
        write(RESULT, directory);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL()});
                ProcessPool without = ProcessPool.create(1);
                ProcessPool with = ProcessPool.builder().workers(1).classPath(directory).build()) {
            Task<Object, Object> stranger = load(STRANGER, loader);
            assertThatThrownBy(() -> without.map(List.of(1), stranger)).as("a task")
                    .hasMessageContaining("cannot be deserialised in a worker").hasMessageContaining(STRANGER);
            assertThatThrownBy(() -> without.map(List.of(stranger), x -> x.toString())).as("an item")
                    .hasMessageContaining("the item cannot be deserialised").hasMessageContaining(STRANGER);
            assertThatThrownBy(() -> without.submit(() -> stranger.apply(1)).get()).as("captured")
                    .isInstanceOf(ExecutionException.class).hasMessageContaining(STRANGER);
            assertThat(without.map(List.of(1, 2), x -> x)).containsExactly(1, 2);

            assertThat(with.map(List.of(1), stranger)).containsExactly("from elsewhere");
            assertThat(with.map(List.of(stranger), x -> x.getClass().getName())).containsExactly(STRANGER);
            assertThatThrownBy(
                    () -> with.map(List.of(0), x -> load(RESULT, ProcessPoolInputTest.class.getClassLoader())))
                    .as("a result").isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("the result of item 0").hasMessageContaining(RESULT);
            assertThatThrownBy(() -> get(with.submit(() -> load(RESULT, ProcessPoolInputTest.class.getClassLoader()))))
                    .isInstanceOf(ExecutionException.class).hasMessageContaining(RESULT);
            assertThat(with.map(List.of(1, 2), x -> x)).containsExactly(1, 2);
        }
    }
}
