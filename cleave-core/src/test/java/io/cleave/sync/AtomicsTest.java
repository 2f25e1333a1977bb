package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Shared numbers beside those of java.util.concurrent, and the bare futex. */
final class AtomicsTest {
    private final Arena arena = Arena.ofShared();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void theMethodsOfAtomicIntegerDoTheSame() throws Exception {
        compare(new AtomicInteger(), SharedAtomicInt.at(arena.allocate(4, 4)));
    }

    @Test
    void theMethodsOfAtomicLongDoTheSame() throws Exception {
        compare(new AtomicLong(), SharedAtomicLong.at(arena.allocate(8, 8)));
    }

    /** Calls each method of the model on both with the same arguments, many times over. */
    private static void compare(Object model, Object shared) throws Exception {
        Random random = new Random(42);
        List<Method> methods = Arrays.stream(model.getClass().getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers())
                        && !method.isAnnotationPresent(Deprecated.class))
                .sorted((a, b) -> a.toString().compareTo(b.toString())).toList();
        Set<String> compared = new TreeSet<>();
        for (int round = 0; round < 50; round++) {
            for (Method method : methods) {
                Object[] arguments = new Object[method.getParameterCount()];
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = argument(method.getParameterTypes()[i], random);
                }
                Object expected = method.invoke(model, arguments);
                Object actual = shared.getClass().getMethod(method.getName(), method.getParameterTypes())
                        .invoke(shared, arguments);
                assertThat(actual).as(method.getName()).isEqualTo(expected);
                assertThat(shared.toString()).as(method.getName()).isEqualTo(model.toString());
                compared.add(method.getName());
            }
        }
        assertThat(compared).contains("weakCompareAndSetPlain", "getAndAccumulate", "compareAndExchangeRelease");
    }

    private static Object argument(Class<?> type, Random random) {
        int number = random.nextInt(3); // small, so that expected values are met
        if (type == int.class) {
            return number;
        }
        if (type == long.class) {
            return (long) number;
        }
        if (type == IntUnaryOperator.class) {
            return (IntUnaryOperator) value -> value * 3 + 1;
        }
        if (type == LongUnaryOperator.class) {
            return (LongUnaryOperator) value -> value * 3 + 1;
        }
        if (type == IntBinaryOperator.class) {
            return (IntBinaryOperator) (a, b) -> a * 5 - b;
        }
        return (LongBinaryOperator) (a, b) -> a * 5 - b;
    }

    @Test
    void noAdditionIsLostBetweenTwoHandles() throws Exception {
        try (SharedAtomicLong one = SharedAtomicLong.named("count");
                SharedAtomicLong two = SharedAtomicLong.named("count");
                SharedAtomicInt small = SharedAtomicInt.named("small")) {
            List<Background<Void>> all = new ArrayList<>();
            for (SharedAtomicLong number : List.of(one, two)) {
                all.add(Background.run(() -> {
                    for (int i = 0; i < 50_000; i++) {
                        number.incrementAndGet();
                        small.getAndUpdate(value -> value + 2);
                    }
                }));
            }
            for (Background<Void> each : all) {
                each.get();
            }
            assertThat(one.get()).isEqualTo(100_000);
            assertThat(small.get()).isEqualTo(200_000);
        }
    }

    @Test
    void aFutexWordSaysHowAWaitEnded() throws Exception {
        FutexWord word = FutexWord.at(arena.allocate(4, 4));
        assertThat(word.await(1)).isEqualTo(FutexWord.Wait.CHANGED);
        assertThat(word.await(0, Duration.ZERO)).isEqualTo(FutexWord.Wait.TIMED_OUT);
        assertThat(word.await(0, Duration.ofMillis(2))).isEqualTo(FutexWord.Wait.TIMED_OUT);
        Background<FutexWord.Wait> waiter = Background.call(() -> word.await(0)).staysBlocked();
        assertThat(word.wake(0)).isZero();
        waiter.staysBlocked();
        assertThat(word.compareAndSet(0, 7)).isTrue();
        int woken = word.wake(5);
        assertThat(waiter.get()).isEqualTo(woken == 1 ? FutexWord.Wait.WOKEN : FutexWord.Wait.CHANGED);
        assertThat(List.of(word.getAndSet(8), word.getAndAdd(2), word.get(), word.getAcquire()).stream()
                .map(String::valueOf).collect(Collectors.joining(" "))).isEqualTo("7 8 10 10");
        Background<FutexWord.Wait> interrupted = Background.call(() -> word.await(10)).staysBlocked();
        interrupted.interrupt();
        assertThatThrownBy(interrupted::get).isInstanceOf(InterruptedException.class);
    }
}
