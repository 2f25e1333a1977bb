package io.cleave.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.testing.Background;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntBinaryOperator;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** What a shared number promises: to do what its model in java.util.concurrent.atomic does, whoever asks. */
abstract class AtomicsContract<T extends AutoCloseable> extends Contract<T> {
    private static final int ADDITIONS = 50_000;

    private final Number model;

    AtomicsContract(Place place, Number model, long bytes, Function<MemorySegment, T> at,
            OtherJvm.Opener<T> named) {
        super(place, bytes, at, named);
        this.model = model;
    }

    /** A call of a method, with its result as a text. */
    record Call(String name, List<Class<?>> types, List<Object> arguments) implements Party.Work<Object, String> {
        @Override
        public String on(Object number, MemorySegment data) throws Exception {
            Object result = number.getClass().getMethod(name, types.toArray(Class<?>[]::new)).invoke(number,
                    arguments.toArray());
            return result + " " + number;
        }
    }

    /** Makes calls somewhere. */
    interface Caller {
        String call(Call call) throws Exception;
    }

    @Test
    void itsMethodsDoWhatThoseOfTheModelDo() throws Exception {
        Random places = new Random(7);
        compare(model, call -> places.nextBoolean() ? call.on(one, data)
                : other.call((number, data) -> call.on(number, data)).get());
    }

    @Test
    void noAdditionIsLost() throws Exception {
        Party.Deed<T> work = (number, data) -> {
            Call call = new Call("incrementAndGet", List.of(), List.of());
            for (int i = 0; i < ADDITIONS; i++) {
                String _ = call.on(number, data);
            }
        };
        Background<Void> there = other.run(work);
        work.on(one, data);
        there.get();
        assertThat(one.toString()).isEqualTo(Integer.toString(2 * ADDITIONS));
    }

    /** Calls each method of the model, and of what the caller calls, with the same arguments many times over. */
    static void compare(Number model, Caller caller) throws Exception {
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
                Call call = new Call(method.getName(), List.of(method.getParameterTypes()), List.of(arguments));
                String expected = call.on(model, MemorySegment.NULL);
                assertThat(caller.call(call)).as(method.getName()).isEqualTo(expected);
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
            return (IntUnaryOperator & Serializable) value -> value * 3 + 1;
        }
        if (type == LongUnaryOperator.class) {
            return (LongUnaryOperator & Serializable) value -> value * 3 + 1;
        }
        if (type == IntBinaryOperator.class) {
            return (IntBinaryOperator & Serializable) (a, b) -> a * 5 - b;
        }
        return (LongBinaryOperator & Serializable) (a, b) -> a * 5 - b;
    }
}
