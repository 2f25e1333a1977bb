package io.cleave.share;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cleave.AllocationException;
import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.TokenException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.BlockKind;
import io.cleave.memory.Cleanup;
import io.cleave.memory.Lifetime;
import io.cleave.os.ProcFs;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is written is what is read, in one process. */
final class ShareTest extends ShareTestBase {
    /** Both ways in which a value travels. */
    private static final List<WriteOptions> WAYS = List.of(SHARED, INLINE);

    private static List<Object> arrays() {
        return List.of(new boolean[] {true, false}, new byte[] {1, -1}, new char[] {'a', '\uffff'}, new short[] {-5},
                new int[] {1, 2, 3}, new long[] {Long.MIN_VALUE}, new float[] {Float.NaN, -0f}, new double[] {1e300},
                new byte[0], new double[0], new int[50_000]);
    }

    @Test
    void arraysComeBackAsArraysOfTheReadersOwn() {
        for (WriteOptions way : WAYS) {
            for (Object array : arrays()) {
                String token = Share.write(array, way);
                Object copy = read(token, Object.class);
                assertThat(copy).hasSameClassAs(array).isNotSameAs(array);
                assertThat(Arrays.deepEquals(new Object[] {copy}, new Object[] {array})).isTrue();
                Share.free(token);
            }
        }
    }

    @Test
    void buffersComeBackAsReadOnlyViewsInTheirByteOrder() {
        List<Buffer> buffers = List.of(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}, 1, 2),
                ByteBuffer.allocateDirect(64).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 7).limit(8),
                CharBuffer.wrap("some text"), CharBuffer.wrap(new char[] {'a', 'b'}),
                ByteBuffer.allocateDirect(64).asShortBuffer().put(1, (short) 5),
                IntBuffer.wrap(new int[] {1, 2, 3}).position(1), LongBuffer.wrap(new long[] {9}),
                ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(3, 1.5f),
                DoubleBuffer.wrap(new double[] {2.5}).asReadOnlyBuffer());
        for (WriteOptions way : WAYS) {
            for (Buffer buffer : buffers) {
                String token = Share.write(buffer, way);
                Buffer view = read(token, Buffer.class);
                assertThat((Object) view).isEqualTo(buffer);
                assertThat(view.isReadOnly()).isTrue();
                assertThat(view.position()).isZero();
                Share.free(token);
            }
            String token = Share.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(0, 1), way);
            ByteBuffer view = read(token, ByteBuffer.class);
            assertThat(view.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            assertThat(view.getInt(0)).isEqualTo(1);
            assertThatThrownBy(() -> view.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
            Share.free(token);
        }
    }

    @Test
    void segmentsOfAnyKindComeBackAsReadOnlyViews() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(1001).asSlice(1);
            odd.fill((byte) 7);
            for (WriteOptions way : WAYS) {
                for (MemorySegment segment : List.of(odd, MemorySegment.ofArray(new long[] {1, 2}),
                        MemorySegment.ofArray(new byte[0]))) {
                    String token = Share.write(segment, way);
                    MemorySegment view = read(token, MemorySegment.class);
                    assertThat(view.mismatch(segment)).isEqualTo(-1);
                    assertThat(view.isReadOnly()).isTrue();
                    assertThat(view.address() % 64).isZero();
                    Share.free(token);
                }
            }
        }
    }

    @Test
    void anArrayCanBeHadAsAViewInstead() {
        float[] values = floats(3000, 1);
        for (WriteOptions way : WAYS) {
            String token = Share.write(values, way);
            assertThat(read(token, MemorySegment.class).toArray(JAVA_FLOAT)).isEqualTo(values);
            assertThat(read(token, FloatBuffer.class)).isEqualTo(FloatBuffer.wrap(values));
            assertThat(read(token, ByteBuffer.class).remaining()).isEqualTo(12_000);
            assertThat(read(token, Tensor.class)).isEqualTo(Tensor.of(values));
            assertThatThrownBy(() -> Share.read(token, double[].class)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("float[]", "3000", "double");
            assertThatThrownBy(() -> Share.read(token, String.class)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Share.read(token, ShortBuffer.class)).isInstanceOf(IllegalArgumentException.class);
            Share.free(token);
        }
    }

    @Test
    void aSegmentCanBeHadAsArrayOrBufferOfAnyType() {
        MemorySegment segment = MemorySegment.ofArray(new long[] {1, 2, 3});
        for (WriteOptions way : WAYS) {
            String token = Share.write(segment, way);
            assertThat(read(token, long[].class)).containsExactly(1, 2, 3);
            assertThat(read(token, LongBuffer.class).get(2)).isEqualTo(3);
            assertThat(read(token, byte[].class)).hasSize(24);
            Share.free(token);
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // what users write
    record Model(String name, float[] weights, MemorySegment raw, FloatBuffer buffer, Tensor tensor,
            List<byte[]> pages, Map<String, double[][]> tables) {}

    private static Model model() {
        byte[] page = new byte[20_000];
        page[5] = 5;
        Map<String, double[][]> tables = new HashMap<>();
        tables.put("a", new double[][] {new double[3000], {1, 2}});
        return new Model("m", floats(5000, 2), MemorySegment.ofArray(new long[] {1, 2, 3}),
                ByteBuffer.allocateDirect(400).asFloatBuffer().put(3, 1.5f), Tensor.of(floats(100, 3), 10, 10),
                new ArrayList<>(List.of(page, page, new byte[] {1})), tables);
    }

    @Test
    void partsComeBackAtAnyDepthOfAnObject() {
        Model model = model();
        for (WriteOptions way : WAYS) {
            for (Codec codec : List.of(Codec.standard(), Codec.fory())) {
                String token = Share.write(model, way.withCodec(codec));
                Model copy = read(token, Model.class);
                assertThat(copy.name).isEqualTo("m");
                assertThat(copy.weights).isEqualTo(model.weights);
                assertThat(copy.raw.mismatch(model.raw)).isEqualTo(-1);
                assertThat(copy.raw.isReadOnly()).isTrue();
                assertThat(copy.buffer).isEqualTo(model.buffer);
                assertThat(copy.buffer.isReadOnly()).isTrue();
                assertThat(copy.tensor).isEqualTo(model.tensor);
                assertThat(copy.pages.get(0)).isEqualTo(model.pages.get(0)).isSameAs(copy.pages.get(1));
                assertThat(copy.pages.get(2)).containsExactly(1);
                assertThat(copy.tables.get("a")).isDeepEqualTo(model.tables.get("a"));
                Share.free(token);
            }
        }
    }

    @Test
    void javasOwnSerializationCarriesPartsToo() {
        List<Object> value = new ArrayList<>(List.of("x", new byte[100_000], MemorySegment.ofArray(new long[] {1, 2}),
                Tensor.of(floats(6, 1), 2, 3), IntBuffer.wrap(new int[] {4}), new double[][] {new double[2000]}));
        value.add(value.get(1));
        for (WriteOptions way : WAYS) {
            String token = Share.write(value, way.withCodec(Codec.java()));
            List<?> copy = read(token, List.class);
            assertThat((byte[]) copy.get(1)).hasSize(100_000).isSameAs(copy.get(6));
            assertThat(((MemorySegment) copy.get(2)).get(JAVA_LONG, 8)).isEqualTo(2);
            assertThat(copy.get(3)).isEqualTo(value.get(3));
            assertThat(copy.get(4)).isEqualTo(value.get(4));
            assertThat((double[][]) copy.get(5)).hasDimensions(1, 2000);
            Share.free(token);
        }
    }

    @Test
    void nullAndSmallThingsTravelInTheirToken() {
        for (Object value : Arrays.asList(null, 1, "text", List.of(1, 2), new int[] {1})) {
            String token = Share.write(value);
            assertThat(token).startsWith("cleave:1:i:");
            Object copy = Share.read(token, Object.class);
            assertThat(Arrays.deepEquals(new Object[] {copy}, new Object[] {value})).isTrue();
            assertThat(Share.free(token)).isFalse();
        }
        assertThat(blocks()).isEmpty();
    }

    @Test
    void theRealSizeDecidesAndNotTheOutermostObjects() {
        List<byte[]> nested = List.of(new byte[6 << 20], new byte[6 << 20]);
        String token = Share.write(nested);
        assertThat(token).startsWith("cleave:1:s:").hasSizeLessThan(50);
        assertThat(Objects.requireNonNull(block(token)).byteSize()).isGreaterThan(12L << 20).isLessThan(13L << 20);
        Share.free(token);
        String text = Share.write("x".repeat(3 << 20));
        assertThat(text).startsWith("cleave:1:s:");
        assertThat(read(text, String.class)).hasSize(3 << 20);
        Share.free(text);
    }

    @Test
    void aPrivateReadCanBeWrittenToAndNobodyElseSeesIt() {
        for (WriteOptions way : WAYS) {
            String token = Share.write(new float[] {1, 2}, way);
            MemorySegment view = read(token, MemorySegment.class);
            MemorySegment own = Objects.requireNonNull(Share.readPrivate(token, MemorySegment.class));
            own.set(JAVA_FLOAT, 0, 42);
            assertThat(own.get(JAVA_FLOAT, 0)).isEqualTo(42);
            assertThat(view.get(JAVA_FLOAT, 0)).isEqualTo(1);
            assertThat(read(token, float[].class)).containsExactly(1, 2);
            Share.free(token);
        }
    }

    @Test
    void aViewCannotBeWrittenToEvenByItsAddress() throws InterruptedException {
        String token = Share.write(new byte[100], SHARED);
        try (io.cleave.testing.ChildJvm child = io.cleave.testing.ChildJvm
                .start(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=/dev/null"), Scribbler.class, token)) {
            assertThat(child.awaitExit()).isNotZero();
            assertThat(child.lines()).as(child.toString()).anyMatch(line -> line.contains("SIGSEGV"));
        }
        assertThat(read(token, byte[].class)).containsOnly(0);
        Share.free(token);
    }

    /** Writes through a view's address, as broken native code might. */
    static final class Scribbler {
        public static void main(String[] arguments) {
            MemorySegment view = read(arguments[0], MemorySegment.class);
            MemorySegment.ofAddress(view.address()).reinterpret(view.byteSize()).set(JAVA_BYTE, 0, (byte) 1);
            System.exit(0);
        }
    }

    @Test
    void whatWasFreedCannotBeReadAndLeavesNothing() {
        String token = Share.write(new byte[5000], SHARED);
        assertThat(Objects.requireNonNull(block(token)).kind()).isEqualTo(BlockKind.VALUE);
        assertThat(Share.free(token)).isTrue();
        assertThat(Share.free(token)).isFalse();
        assertThatThrownBy(() -> Share.read(token, byte[].class)).isInstanceOf(BlockNotFoundException.class)
                .hasMessageContaining(token);
        Share.trim();
        assertThat(blocks()).isEmpty();
    }

    @Test
    void aViewStaysAsItIsWhenItsValueIsFreedAndItsMemoryWouldBeUsedAgain() {
        byte[] ones = new byte[2 << 20];
        Arrays.fill(ones, (byte) 1);
        String token = Share.write(ones);
        MemorySegment view = read(token, MemorySegment.class);
        assertThat(Share.free(token)).isTrue();
        List<String> others = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            others.add(Share.write(new byte[2 << 20]));
        }
        assertThat(view.mismatch(MemorySegment.ofArray(ones))).isEqualTo(-1);
        others.forEach(Share::free);
        Share.trim();
        assertThat(view.mismatch(MemorySegment.ofArray(ones))).isEqualTo(-1);
    }

    @Test
    void theMemoryOfAFreedValueIsUsedForTheNext() {
        String first = Share.write(new byte[2 << 20]);
        BlockInfo before = Objects.requireNonNull(block(first));
        Share.free(first);
        byte[] content = new byte[(2 << 20) - 999];
        Arrays.fill(content, (byte) 9);
        String second = Share.write(content);
        assertThat(blocks()).hasSize(1);
        assertThat(Objects.requireNonNull(block(second)).byteSize()).isEqualTo(before.byteSize());
        assertThat(read(second, byte[].class)).isEqualTo(content);
        assertThatThrownBy(() -> Share.read(first, byte[].class)).isInstanceOf(BlockNotFoundException.class);
        Share.free(second);
    }

    @Test
    void aLeaseEndsItsViewsAtOnce() {
        String token = Share.write(floats(2000, 1), SHARED);
        Lease<MemorySegment> lease = Share.open(token, MemorySegment.class);
        MemorySegment view = Objects.requireNonNull(lease.value());
        assertThat(Objects.requireNonNull(block(token)).attached()).isEqualTo(2);
        lease.close();
        lease.close();
        assertThat(Objects.requireNonNull(block(token)).attached()).isEqualTo(1);
        assertThatThrownBy(() -> view.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(lease::value).isInstanceOf(IllegalStateException.class);
        try (Lease<float[]> copy = Share.open(token, float[].class)) {
            assertThat(copy.value()).hasSize(2000);
            assertThat(Objects.requireNonNull(block(token)).attached()).isEqualTo(1);
        }
        Share.free(token);
    }

    @Test
    void aValueFreesItselfAfterSoManyReads() {
        String token = Share.write(new byte[5000], SHARED.withReads(2));
        assertThat(read(token, byte[].class)).hasSize(5000);
        MemorySegment view = read(token, MemorySegment.class);
        assertThat(view.byteSize()).isEqualTo(5000);
        assertThatThrownBy(() -> Share.read(token, byte[].class)).isInstanceOf(BlockNotFoundException.class);
        assertThat(Share.free(token)).isFalse();
        assertThat(view.get(JAVA_BYTE, 4999)).isZero();
    }

    @Test
    void whatIsToStayStaysUntilItIsFreed() {
        String token = Share.write(new byte[5000], SHARED.withLifetime(Lifetime.PERSISTENT));
        assertThat(Objects.requireNonNull(block(token)).lifetime()).isEqualTo(Lifetime.PERSISTENT);
        assertThat(Cleanup.run().cleaned()).isEmpty();
        assertThat(Share.free(token)).isTrue();
        Share.trim();
        assertThat(blocks()).isEmpty();
    }

    @Test
    void oneBlockTakesLifetimesInTurn() {
        String staying = Share.write(new byte[2 << 20], WriteOptions.defaults().withLifetime(Lifetime.PERSISTENT));
        Share.free(staying);
        String ordinary = Share.write(new byte[2 << 20]);
        assertThat(Objects.requireNonNull(block(ordinary)).lifetime()).isEqualTo(Lifetime.ATTACHED);
        Share.free(ordinary);
        String again = Share.write(new byte[2 << 20], WriteOptions.defaults().withLifetime(Lifetime.PERSISTENT));
        assertThat(Objects.requireNonNull(block(again)).lifetime()).isEqualTo(Lifetime.PERSISTENT);
        Share.free(again);
    }

    @Test
    void whatCannotBeEncodedIsRefusedAndLeavesNothing() {
        assertThatThrownBy(() -> Share.write(List.of(Thread.currentThread()), SHARED))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("standard");
        assertThat(blocks()).isEmpty();
    }

    /** Turns words around, as a codec of a user's own. */
    private static class Backwards implements Codec {
        @Override
        public String name() {
            return "backwards";
        }

        @Override
        public byte[] encode(Object value) {
            return new StringBuilder((String) value).reverse().toString()
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8);
        }

        @Override
        public Object decode(byte[] bytes, int offset, int length) {
            return new StringBuilder(new String(bytes, offset, length, java.nio.charset.StandardCharsets.UTF_8))
                    .reverse()
                    .toString();
        }
    }

    @Test
    void aCodecOfTheUsersOwnIsUsedByName() {
        for (WriteOptions way : WAYS) {
            String token = Share.write("a word", way.withCodec(new Backwards()));
            assertThat(read(token, String.class)).isEqualTo("a word");
            Share.free(token);
        }
        assertThatThrownBy(() -> Codec.register(new Backwards() {
            @Override
            public String name() {
                return "java";
            }
        })).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("java");
    }

    /** Something that is there when it is asked for. */
    private interface Later extends java.util.function.Supplier<Object> {}

    /** A codec that takes a part when somebody wants to have it, which is too late. */
    private static final class Tardy extends Backwards {
        @Override
        public String name() {
            return "tardy";
        }

        @Override
        public byte[] encode(@Nullable Object value, Sink sink) {
            return new byte[] {(byte) sink.offer(((Later) Objects.requireNonNull(value)).get())};
        }

        @Override
        public Object decode(byte[] bytes, int offset, int length, Source source) {
            int number = bytes[offset];
            return (Later) () -> {
                try {
                    return source.take(number);
                } catch (IOException e) {
                    return String.valueOf(e.getMessage());
                }
            };
        }
    }

    @Test
    void aPartThatIsTakenTooLateIsRefused() {
        for (WriteOptions way : WAYS) {
            String token = Share.write((Later) () -> new byte[5000], way.withCodec(new Tardy()));
            assertThat(read(token, Later.class).get()).asString().contains("too late");
            Share.free(token);
        }
    }

    @Test
    void moreThanTwoGibibytesGoInOneObject() {
        long piece = 300L << 20;
        assumeTrue(ProcFs.memoryField("/proc/meminfo", "MemAvailable") > 16 * piece, "it takes much memory");
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(piece);
            memory.set(JAVA_BYTE, piece - 1, (byte) 5);
            List<MemorySegment> pieces = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                pieces.add(memory.asSlice(i)); // each is another object
            }
            String token = Share.write(pieces);
            assertThat(Objects.requireNonNull(block(token)).byteSize()).isGreaterThan(2L << 30);
            try (Lease<?> lease = Share.open(token, List.class)) {
                List<?> views = (List<?>) Objects.requireNonNull(lease.value());
                for (int i = 0; i < 8; i++) {
                    MemorySegment view = (MemorySegment) views.get(i);
                    assertThat(view.byteSize()).isEqualTo(piece - i);
                    assertThat(view.get(JAVA_BYTE, view.byteSize() - 1)).isEqualTo((byte) 5);
                }
            }
            Share.free(token);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedAndNothingIsLeft() {
        MemorySegment tooLarge = MemorySegment.NULL.reinterpret(1L << 50); // it is not looked at
        for (boolean fallback : List.of(false, true)) {
            assertThatThrownBy(() -> Share.write(tooLarge, SHARED.withInlineFallback(fallback)))
                    .isInstanceOf(AllocationException.class).hasMessageContaining("1,125,899,906,84");
        }
        assertThat(blocks()).isEmpty();
    }

    @Test
    void aTokenIsText() {
        assertThat(Share.write(new byte[5000], INLINE)).matches("cleave:1:i:[A-Za-z0-9_-]+");
        String token = Share.write(new byte[5000], SHARED);
        assertThat(token).matches("cleave:1:s:[A-Za-z0-9_-]{27}");
        Share.free(token);
    }

    @Test
    void everyBadTokenIsOneTypedException() {
        String good = Share.write(new byte[5000], SHARED);
        String inline = Share.write("text");
        List<String> bad = new ArrayList<>(Arrays.asList(null, "", "pkl:!!!", "shm:../../etc/passwd", "cleave:",
                "cleave:1:",
                "cleave:1:s:", "cleave:1:i:", "cleave:2:s:" + good.substring(11), "cleave:1:s:../../../etc/passwd12345",
                "cleave:1:x:abc", good + "A", good.substring(0, good.length() - 1),
                good.toUpperCase(java.util.Locale.ROOT),
                inline + "AAAA", inline.substring(0, inline.length() - 4), inline.replace("cleave:1:i:", "cleave:1:s:"),
                good.replace("cleave:1:s:", "cleave:1:i:"), "cleave:1:i:\u0000", "cleave:1:s:" + "=".repeat(27)));
        for (String token : bad) {
            assertThatThrownBy(() -> Share.read(token, Object.class)).as("%s", token)
                    .isInstanceOf(TokenException.class);
            assertThatThrownBy(() -> Share.free(token)).as("%s", token).isInstanceOf(TokenException.class);
        }
        Share.free(good);
    }

    /** Keeps what it was made of, and fails. */
    static final class Keeper implements Serializable {
        private static final long serialVersionUID = 1L;
        private static @Nullable MemorySegment kept;

        @SuppressWarnings("serial") // it travels beside the bytes
        private final Object segment;

        Keeper(MemorySegment segment) {
            this.segment = segment;
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            kept = (MemorySegment) segment;
            throw new InvalidObjectException("never whole");
        }
    }

    @Test
    void aViewThatIsKeptByWhatCouldNotBeReadIsClosed() {
        String token = Share.write(new Keeper(MemorySegment.ofArray(new byte[1 << 20])),
                SHARED.withCodec(Codec.java()));
        assertThatThrownBy(() -> Share.read(token, Object.class)).isInstanceOf(IncompatibleBlockException.class)
                .hasMessageContaining("never whole");
        MemorySegment kept = Objects.requireNonNull(Keeper.kept);
        assertThatThrownBy(() -> kept.get(JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        Keeper.kept = null;
        assertThat(Share.free(token)).isTrue();
    }
}
