package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.Cleanup;
import io.cleave.testing.ChildJvm;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Object graphs made at random, with cycles, go to another JVM and come back as they were. */
final class RandomGraphTest extends ShareTestBase {
    private static final int GRAPHS = 60;

    /** What graphs are made of, among other things. */
    record Node(Object left, Object right, String name) implements Serializable {}

    private final Random random = new Random(2025);
    private List<Object> made = new ArrayList<>();

    private Object any(int depth) {
        if (!made.isEmpty() && random.nextInt(6) == 0) {
            return made.get(random.nextInt(made.size())); // shared, or a cycle where it is still being filled
        }
        Object value = depth == 0 ? leaf() : random.nextInt(3) == 0 ? leaf() : inner(depth - 1);
        return value;
    }

    private Object remember(Object value) {
        made.add(value);
        return value;
    }

    private Object inner(int depth) {
        return switch (random.nextInt(4)) {
            case 0 -> {
                List<Object> list = new ArrayList<>();
                remember(list);
                for (int i = random.nextInt(4); i >= 0; i--) {
                    list.add(any(depth));
                }
                yield list;
            }
            case 1 -> {
                Map<Object, Object> map = random.nextBoolean() ? new HashMap<>() : new LinkedHashMap<>();
                remember(map);
                for (int i = random.nextInt(4); i >= 0; i--) {
                    map.put("key " + random.nextInt(100), any(depth));
                }
                yield map;
            }
            case 2 -> {
                Object[] array = new Object[random.nextInt(4)];
                remember(array);
                for (int i = 0; i < array.length; i++) {
                    array[i] = any(depth);
                }
                yield array;
            }
            default -> remember(new Node(any(depth), any(depth), "node " + random.nextInt(100)));
        };
    }

    private Object leaf() {
        int length = random.nextInt(5) == 0 ? 0 : random.nextInt(3000);
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return remember(switch (random.nextInt(13)) {
            case 0 -> random.nextInt();
            case 1 -> "text " + random.nextLong();
            case 2 -> bytes;
            case 3 -> random.longs(length).toArray();
            case 4 -> random.doubles(length).toArray();
            case 5 -> MemorySegment.ofArray(bytes);
            case 6 -> ByteBuffer.wrap(bytes);
            case 7 -> FloatBuffer.wrap(floats(length, random.nextLong())).position(length / 2).slice();
            case 8 -> Tensor.of(random.ints(24).toArray(), 2, 3, 4).slice(2, 1, 3);
            case 9 -> Tensor.of(floats(2000, random.nextLong()), 50, 40).transpose();
            case 10 -> ByteBuffer.allocateDirect(length).asReadOnlyBuffer();
            case 11 -> new boolean[length];
            default -> new double[][] {random.doubles(length).toArray(), {}};
        });
    }

    /** Whether two graphs are alike: the same values, and the same object wherever the other has the same object. */
    @SuppressWarnings("ReferenceEquality") // that is what is compared
    private static final class Comparison {
        private final IdentityHashMap<Object, Object> seen = new IdentityHashMap<>();

        boolean isSame(@Nullable Object one, @Nullable Object other) {
            if (one == null || other == null) {
                return one == null && other == null;
            }
            boolean isIdentityKept = one instanceof List || one instanceof Map || one.getClass().isArray();
            Object before = isIdentityKept ? seen.put(one, other) : null;
            if (before != null) {
                return before == other;
            }
            return switch (one) {
                case List<?> list -> other instanceof List<?> right && isSameList(list, right);
                case Map<?, ?> map -> other instanceof Map<?, ?> right && map.keySet().equals(right.keySet())
                        && map.keySet().stream().allMatch(key -> isSame(map.get(key), right.get(key)));
                case Object[] array -> other instanceof Object[] right && one.getClass() == other.getClass()
                        && isSameList(Arrays.asList(array), Arrays.asList(right));
                case Node node -> other instanceof Node right && node.name.equals(right.name)
                        && isSame(node.left, right.left) && isSame(node.right, right.right);
                case MemorySegment segment -> other instanceof MemorySegment right && right.isReadOnly()
                        && segment.mismatch(right) == -1;
                case Buffer buffer -> buffer.equals(other) && ((Buffer) other).isReadOnly();
                default -> one.getClass() == other.getClass()
                        && Arrays.deepEquals(new Object[] {one}, new Object[] {other});
            };
        }

        private boolean isSameList(List<?> one, List<?> other) {
            boolean same = one.size() == other.size();
            for (int i = 0; same && i < one.size(); i++) {
                same = isSame(one.get(i), other.get(i));
            }
            return same;
        }
    }

    @Test
    void whatGoesToAnotherJvmComesBackAsItWas() {
        try (ChildJvm other = helper()) {
            for (int i = 0; i < GRAPHS; i++) {
                Codec codec = List.of(Codec.standard(), Codec.fory(), Codec.java()).get(i % 3);
                made = new ArrayList<>();
                Object graph = inner(4);
                String token = Share.write(graph, SHARED.withCodec(codec));
                String back = ask(other, "echo " + token + " " + codec.name(), "token ");
                try (Lease<Object> lease = Share.open(back, Object.class)) {
                    assertThat(new Comparison().isSame(graph, lease.value())).as("graph " + i + " by " + codec.name())
                            .isTrue();
                }
                assertThat(ask(other, "free " + token, "freed ")).isEqualTo("true");
                Share.free(back);
            }
        }
        assertThat(Cleanup.run().failed()).isEmpty(); // the other JVM has been killed
    }
}
