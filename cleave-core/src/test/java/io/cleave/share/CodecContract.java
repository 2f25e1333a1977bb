package io.cleave.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.testing.ChildJvm;
import io.cleave.testing.Delays;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Date;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every codec promises. A class for each codec extends it. */
abstract class CodecContract {
    /** Some bytes in front of an encoded object and behind it, so that offset and length matter. */
    private static final int AROUND = 5;

    abstract Codec codec();

    /** The name by which the other side finds the codec. */
    abstract String name();

    enum Kind {
        PLAIN, WITH_BODY {
            @Override
            public String toString() {
                return "body";
            }
        }
    }

    record Point(int x, double y) implements Serializable {}

    record Tree(String name, List<Tree> children, Map<String, Point> points) implements Serializable {}

    /** What a bean inherits from. */
    static class Base implements Serializable {
        private static final long serialVersionUID = 1L;
        protected long base;
    }

    /** A bean with a parent class and a transient field. */
    static final class Derived extends Base {
        private static final long serialVersionUID = 1L;
        private String text;
        private transient String cache = "not sent";

        static Derived of(long base, String text) {
            Derived derived = new Derived();
            derived.base = base;
            derived.text = text;
            derived.cache = "cached";
            return derived;
        }
    }

    static List<Object> values() {
        Map<String, Integer> ordered = new LinkedHashMap<>();
        ordered.put("z", 1);
        ordered.put(null, null);
        return Arrays.asList(null, true, (byte) -1, (short) 300, 'x', 5, -5L, 1.5f, Float.NaN, -0.0, Double.NaN, "",
                "plain", "\u20ac \u00e9", "\ud83d\ude00", "\ud83d", "a\ude00b", "x".repeat(70_000),
                "\u4e2d".repeat(70_000), BigInteger.TEN.pow(50), new BigDecimal("1.50"), Duration.ofNanos(1),
                LocalDate.EPOCH, ZonedDateTime.of(2024, 1, 2, 3, 4, 5, 6, ZoneId.of("Europe/Paris")), new UUID(3, 4),
                Kind.PLAIN, Kind.WITH_BODY, TimeUnit.DAYS, String.class, int[].class, List.of(), List.of(1, "a"),
                Arrays.asList(1, null), Set.of("a"), Map.of(), Map.of("k", List.of(1L)), ordered,
                new TreeMap<>(Map.of("b", 1, "a", 2)), new ConcurrentHashMap<>(Map.of(1, 2)),
                new EnumMap<>(Map.of(Kind.PLAIN, "p")), BitSet.valueOf(new long[] {9}), new Point(1, -0.0), tree(3));
    }

    private static Tree tree(int depth) {
        return new Tree("t" + depth, depth == 0 ? List.of() : List.of(tree(depth - 1), tree(0)),
                new HashMap<>(Map.of("p", new Point(depth, depth))));
    }

    Object copy(Object value) throws IOException {
        byte[] bytes = codec().encode(value);
        byte[] holder = new byte[bytes.length + 2 * AROUND];
        Arrays.fill(holder, (byte) 0x55);
        System.arraycopy(bytes, 0, holder, AROUND, bytes.length);
        return codec().decode(holder, AROUND, bytes.length);
    }

    @Test
    void valuesOfAllKindsComeBackEqualAndOfTheSameClass() throws IOException {
        for (Object value : values()) {
            Object copy = copy(value);
            assertThat(copy).isEqualTo(value);
            if (value instanceof Number || value instanceof Record || value instanceof Enum) {
                assertThat(copy).hasSameClassAs(value);
            }
        }
    }

    @Test
    void aWholeListOfThemComesBackEqual() throws IOException {
        assertThat(copy(new ArrayList<>(values()))).isEqualTo(values());
    }

    @Test
    void arraysComeBackWithTheirContent() throws IOException {
        for (Object array : List.of(new boolean[] {true}, new byte[] {1, -1}, new char[] {'a', '\uffff'},
                new int[] {}, new long[] {Long.MIN_VALUE}, new double[] {Double.NaN}, new String[] {"a", null},
                new int[][] {{1}, null, {}}, new Object[] {1, "a", new Object[] {null}},
                new Point[] {new Point(1, 2)})) {
            Object copy = copy(array);
            assertThat(copy).hasSameClassAs(array);
            assertThat(Arrays.deepEquals(new Object[] {copy}, new Object[] {array})).isTrue();
        }
    }

    @Test
    void aBeanComesBackWithItsInheritedFieldsAndWithoutTheTransient() throws IOException {
        Derived copy = (Derived) copy(Derived.of(7, "text"));
        assertThat(copy.base).isEqualTo(7);
        assertThat(copy.text).isEqualTo("text");
        assertThat(copy.cache).isNotEqualTo("cached");
    }

    @Test
    void enumsAndClassesComeBackAsTheOnesThereAre() throws IOException {
        assertThat(copy(Kind.WITH_BODY)).isSameAs(Kind.WITH_BODY);
        assertThat(copy(Point.class)).isSameAs(Point.class);
    }

    @Test
    void whatIsTheSameObjectTwiceComesBackSo() throws IOException {
        List<Object> list = new ArrayList<>();
        Object part = new ArrayList<>(List.of(1));
        list.add(part);
        list.add(part);
        list.add(list);
        List<?> copy = (List<?>) copy(list);
        assertThat((Object) copy.get(0)).isEqualTo(part).isSameAs(copy.get(1)).isNotSameAs(part);
        assertThat((Object) copy.get(2)).isSameAs(copy);
    }

    @Test
    void whatCannotBeEncodedIsRefusedByAnExceptionAndHarmsNothing() throws IOException {
        for (Object value : List.of(Thread.currentThread(), new ThreadLocal<>(), List.of(1, Thread.currentThread()))) {
            assertThatThrownBy(() -> codec().encode(value)).isInstanceOf(Exception.class);
            assertThat(copy(List.of(1, "a"))).isEqualTo(List.of(1, "a"));
        }
    }

    @Test
    void randomBytesAreRefusedByAnExceptionOrAreSomeObject() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < 3_000; round++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            assertNothingWorseThanAnException(bytes);
        }
        assertThat(copy(tree(2))).isEqualTo(tree(2));
    }

    @Test
    void damagedBytesAreRefusedByAnExceptionOrAreSomeObject() throws IOException {
        Random random = new Random(12);
        List<byte[]> intact = new ArrayList<>();
        for (Object value : values()) {
            byte[] bytes = codec().encode(value);
            if (bytes.length < 5_000) {
                intact.add(bytes);
            }
        }
        for (int round = 0; round < 6_000; round++) {
            byte[] bytes = intact.get(random.nextInt(intact.size())).clone();
            if (random.nextBoolean()) {
                bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            }
            for (int flips = random.nextInt(4); flips >= 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            assertNothingWorseThanAnException(bytes);
        }
        assertThat(copy(tree(2))).isEqualTo(tree(2));
    }

    private void assertNothingWorseThanAnException(byte[] bytes) {
        try {
            codec().decode(bytes, 0, bytes.length);
        } catch (Exception e) {
            assertThat(e).isNotNull();
        }
    }

    /** Parts of themselves: what comes back is whole, or it is refused when it is encoded. */
    @SuppressWarnings("serial") // collections that are Serializable
    static final class Named implements Serializable {
        private static final long serialVersionUID = 1L;
        private final String aName;
        private final Map<Object, String> owners = new HashMap<>();

        Named(String name) {
            aName = name;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Named named && named.aName.equals(aName);
        }

        @Override
        public int hashCode() {
            return aName.hashCode();
        }
    }

    /** A number as users may make one, with parts: it can be a part of itself, too. */
    @SuppressWarnings("serial") // collections that are Serializable
    static final class Amount extends Number {
        private static final long serialVersionUID = 1L;
        private final Map<Object, String> notes = new HashMap<>();
        private final String unit;

        Amount(String unit) {
            this.unit = unit;
        }

        @Override
        public int intValue() {
            return 1;
        }

        @Override
        public long longValue() {
            return 1;
        }

        @Override
        public float floatValue() {
            return 1;
        }

        @Override
        public double doubleValue() {
            return 1;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Amount amount && Objects.equals(amount.unit, unit);
        }

        @Override
        public int hashCode() {
            return Objects.hashCode(unit);
        }
    }

    /** A record that can be a part of itself by way of its list. */
    record Knot(List<Object> parts) implements Serializable {}

    private static List<Object> knots() {
        Named key = new Named("key");
        key.owners.put(key, "self");
        Amount amount = new Amount("ounce");
        amount.notes.put(amount, "self");
        Knot knot = new Knot(new ArrayList<>());
        knot.parts.add(knot);
        List<Object> inner = new ArrayList<>();
        List<Object> immutable = List.of(inner);
        inner.add(immutable);
        List<Object> unmodifiable = Collections.unmodifiableList(inner);
        Map<Object, Object> map = new HashMap<>();
        map.put("me", map);
        return List.of(key, amount, knot, immutable, unmodifiable, map, new ArrayList<>(List.of(key)),
                new HashMap<>(Map.of(new Named("other"), key)));
    }

    @Test
    void whatIsAPartOfItselfComesBackWholeOrIsRefusedWhenItIsEncoded() throws IOException {
        for (Object knot : knots()) {
            byte[] bytes;
            try {
                bytes = codec().encode(knot);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining(";");
                continue;
            }
            Object copy = codec().decode(bytes, 0, bytes.length);
            if (copy instanceof Named named) {
                assertThat(named.owners.get(named)).isEqualTo("self");
            } else if (copy instanceof Amount amount) {
                assertThat(amount.notes.get(amount)).isEqualTo("self");
            } else if (copy instanceof Knot tied) {
                assertThat(tied.parts.getFirst()).isSameAs(tied);
            } else if (copy instanceof List<?> outer && outer.getFirst() instanceof List<?> inner) {
                assertThat(inner.getFirst()).isInstanceOf(List.class);
            } else if (copy instanceof Map<?, ?> map && map.containsKey("me")) {
                assertThat((Object) map.get("me")).isSameAs(map);
            }
            assertThat(copy).hasSameClassAs(knot);
        }
    }

    /** A record may refer to what it is a part of, if that is made before its parts are. */
    @Test
    void aListThatARecordInItRefersToComesBackWhole() throws IOException {
        List<Object> list = new ArrayList<>();
        list.add(new Knot(list));
        list.add(new Knot(List.of("other", new Amount("pound"))));
        List<?> copy = (List<?>) copy(list);
        assertThat(((Knot) copy.getFirst()).parts).isSameAs(copy);
        assertThat(((Knot) copy.getLast()).parts).isEqualTo(List.of("other", new Amount("pound")));
    }

    /** A chain as users write it. */
    static final class Node implements Serializable {
        private static final long serialVersionUID = 1L;
        private @Nullable Node next;

        static Node chain(int length) {
            Node first = new Node();
            for (int i = 1; i < length; i++) {
                Node before = new Node();
                before.next = first;
                first = before;
            }
            return first;
        }

        static int length(@Nullable Node first) {
            int length = 0;
            for (Node node = first; node != null; node = node.next) {
                length++;
            }
            return length;
        }
    }

    /** A link whose class is not final, so that its class is written with each. */
    record Link(@Nullable Object next) implements Serializable {}

    private static Object nested(int depth, UnaryOperator<Object> wrap) {
        Object value = "core";
        for (int i = 0; i < depth; i++) {
            value = wrap.apply(value);
        }
        return value;
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 60, 200, 1000, 5000})
    void nestingOfAnyUsualDepthComesBack(int depth) throws IOException {
        assertThat(Node.length((Node) copy(Node.chain(depth)))).isEqualTo(depth);
        for (UnaryOperator<Object> wrap : List.<UnaryOperator<Object>>of(Link::new,
                inner -> new ArrayList<>(List.of(inner)),
                inner -> new HashMap<>(Map.of("c", inner)), List::of, inner -> new Object[] {inner},
                Collections::singletonList, inner -> new AtomicReference<>(inner))) {
            assertThat(depth(copy(nested(depth, wrap)))).isEqualTo(depth);
        }
    }

    private static int depth(Object nested) {
        int depth = 0;
        for (Object at = nested; !"core".equals(at); depth++) {
            at = switch (at) {
                case Link link -> link.next();
                case List<?> list -> list.getFirst();
                case Map<?, ?> map -> map.get("c");
                case Object[] array -> array[0];
                case AtomicReference<?> reference -> reference.get();
                case null, default -> throw new AssertionError("lost at depth " + depth);
            };
        }
        return depth;
    }

    @Test
    void whatWasEncodedOnALargeStackIsDecodedOnASmallOne() throws Exception {
        FutureTask<byte[]> encoding = new FutureTask<>(() -> codec().encode(Node.chain(30_000)));
        Thread large = new Thread(null, encoding, "large", 1L << 30);
        large.start();
        byte[] bytes = encoding.get();
        FutureTask<Integer> decoding = new FutureTask<>(
                () -> Node.length((Node) codec().decode(bytes, 0, bytes.length)));
        Thread small = new Thread(null, decoding, "small", 1L << 18);
        small.start();
        assertThat(decoding.get()).isEqualTo(30_000);
        large.join();
        small.join();
    }

    @Test
    void nestingThatCannotBeDecodedIsRefusedWithWhatToDo() {
        Object value = nested(500_000, Link::new);
        assertThatThrownBy(() -> codec().encode(value)).isInstanceOf(IOException.class)
                .hasMessageContaining("nests too deeply").hasMessageContaining("; send its parts in a list");
    }

    /** Records whose last component may be given as several. */
    @SuppressWarnings("ArrayRecordComponent") // as users write them
    record Tags(String name, String... tags) implements Serializable {}

    /** Only numbers, sorted by its constructor. */
    @SuppressWarnings("ArrayRecordComponent") // as users write them
    record Numbers(int... numbers) implements Serializable {
        Numbers {
            Arrays.sort(numbers);
        }
    }

    @Test
    void recordsWithVariableComponentsComeBack() throws IOException {
        assertThat(((Tags) copy(new Tags("n", "a", "b"))).tags()).containsExactly("a", "b");
        assertThat(((Tags) copy(new Tags("n"))).tags()).isEmpty();
        assertThat(((Numbers) copy(new Numbers(3, 1))).numbers()).containsExactly(1, 3);
    }

    @Test
    void immutableListsKeepWhetherTheyMayHoldNull() throws IOException {
        List<?> lenient = (List<?>) copy(Stream.of(1, null, 2).toList());
        assertThat((Object) lenient).isEqualTo(Arrays.asList(1, null, 2));
        assertThat(((List<?>) copy(Stream.of(1, 2, 3).toList())).contains(null)).isFalse();
        List<?> strict = (List<?>) copy(List.of(1, 2, 3));
        assertThatThrownBy(() -> strict.contains(null)).isInstanceOf(NullPointerException.class);
    }

    /** The last two that were used. */
    static final class Recent<K, V> extends LinkedHashMap<K, V> {
        private static final long serialVersionUID = 1L;
        private final int most = 2;

        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > most;
        }
    }

    @Test
    @SuppressWarnings("unchecked")
    void linkedMapsKeepTheOrderOfUse() throws IOException {
        for (Map<String, Integer> map : List.of(new LinkedHashMap<String, Integer>(16, 0.75f, true),
                new Recent<String, Integer>())) {
            map.put("a", 1);
            map.put("b", 2);
            map.get("a");
            Map<String, Integer> copy = (Map<String, Integer>) copy(map);
            assertThat(copy).hasSameClassAs(map);
            assertThat(copy.keySet()).containsExactly("b", "a");
            copy.get("b");
            assertThat(copy.keySet()).containsExactly("a", "b");
            copy.put("c", 3);
            assertThat(copy.size()).isEqualTo(map instanceof Recent ? 2 : 3);
        }
    }

    /** Has a serial form of its own, and a parent that refers back. */
    @SuppressWarnings("serial") // a list that is Serializable
    static final class Hooked implements Serializable {
        private static final long serialVersionUID = 1L;
        private final List<Hooked> children = new ArrayList<>();
        private @Nullable Hooked parent;
        private transient int number;

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            out.writeInt(number);
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            in.defaultReadObject();
            number = in.readInt();
        }
    }

    @Test
    void aFormOfItsOwnAndACycleGoTogether() throws IOException {
        Hooked parent = new Hooked();
        parent.number = 5;
        Hooked child = new Hooked();
        child.number = 6;
        child.parent = parent;
        parent.children.add(child);
        Hooked copy = (Hooked) copy(parent);
        assertThat(copy.number).isEqualTo(5);
        assertThat(copy.children.getFirst().number).isEqualTo(6);
        assertThat(copy.children.getFirst().parent).isSameAs(copy);
        AtomicReference<Object> holder = new AtomicReference<>();
        holder.set(new ArrayList<>(List.of(holder)));
        AtomicReference<?> read = (AtomicReference<?>) copy(holder);
        assertThat(((List<?>) Objects.requireNonNull(read.get())).getFirst()).isSameAs(read);
    }

    /** Has parts of a path. */
    @SuppressWarnings("serial") // a list that is Serializable
    static final class Order implements Serializable {
        private static final long serialVersionUID = 1L;
        private final List<Object> lines = new ArrayList<>();
    }

    @Test
    void aRefusalNamesThePathAndWhatToDo() {
        Order order = new Order();
        order.lines.add("fine");
        order.lines.add(Map.of("blob", new Link(Thread.currentThread())));
        assertThatThrownBy(() -> codec().encode(order)).isInstanceOf(IOException.class)
                .hasMessageContaining("Order.lines[1][blob].next is a java.lang.Thread")
                .hasMessageContaining("Serializable").hasMessageContaining(";").hasMessageNotContaining("ulnerab");
        assertThatThrownBy(() -> codec().encode(new ArrayList<>(List.of(1, (Runnable) () -> {}))))
                .isInstanceOf(IOException.class).hasMessageContaining("ArrayList[1] is a ");
    }

    @Test
    void manyEmptyObjectsAreNoMoreThanTheirBytesAllow() throws IOException {
        List<Object> many = new ArrayList<>();
        for (int i = 0; i < 1_500_000; i++) {
            many.add(new Node());
        }
        assertThat((List<?>) copy(many)).hasSize(many.size());
    }

    @Test
    void severalThreadsUseItAtOnce() throws Exception {
        List<FutureTask<Boolean>> uses = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int seed = i;
            uses.add(new FutureTask<>(() -> {
                boolean same = true;
                for (int round = 0; round < 200; round++) {
                    Object value = List.of(tree(seed), "round " + round, (long) seed);
                    same &= value.equals(copy(value));
                }
                return same;
            }));
            threads.add(Thread.ofPlatform().start(uses.getLast()));
        }
        for (FutureTask<Boolean> use : uses) {
            assertThat(use.get()).isTrue();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Defines one class, which is Serializable. */
    static final class OneClass extends ClassLoader {
        private static final String NAME = "generated.Thing";

        OneClass() {
            super(CodecContract.class.getClassLoader());
        }

        /** An object of the class. */
        Object define() throws ReflectiveOperationException {
            byte[] bytes = ClassFile.of().build(ClassDesc.of(NAME),
                    type -> type.withFlags(ClassFile.ACC_PUBLIC)
                            .withInterfaceSymbols(ClassDesc.of("java.io.Serializable")).withMethodBody("<init>",
                                    ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC,
                                    code -> code.aload(0)
                                            .invokespecial(ConstantDescs.CD_Object, "<init>", ConstantDescs.MTD_void)
                                            .return_()));
            return defineClass(NAME, bytes, 0, bytes.length).getDeclaredConstructor().newInstance();
        }
    }

    @Test
    void classesAreFoundByTheContextLoader() throws Exception {
        OneClass loader = new OneClass();
        OneClass other = new OneClass();
        Object value = loader.define();
        Object another = other.define();
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        byte[] bytes = codec().encode(value);
        try {
            thread.setContextClassLoader(loader);
            assertThat(codec().decode(bytes, 0, bytes.length)).isExactlyInstanceOf(value.getClass());
            thread.setContextClassLoader(other);
            assertThat(codec().decode(bytes, 0, bytes.length)).isExactlyInstanceOf(another.getClass());
            thread.setContextClassLoader(null);
            assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length)).isInstanceOf(IOException.class)
                    .hasMessageContaining(OneClass.NAME);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Defines one interface. */
    static final class OneInterface extends ClassLoader {
        OneInterface() {
            super(CodecContract.class.getClassLoader());
        }

        Class<?> define(int access) {
            byte[] bytes = ClassFile.of().build(ClassDesc.of("generated.Ability"), type -> type
                    .withFlags(access | ClassFile.ACC_INTERFACE | ClassFile.ACC_ABSTRACT));
            return defineClass("generated.Ability", bytes, 0, bytes.length);
        }
    }

    /** What a proxy does. */
    record Answer(String text) implements InvocationHandler, Serializable {
        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            return text;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ClassFile.ACC_PUBLIC, 0})
    void interfacesOfProxiesAreFoundByTheContextLoader(int access) throws Exception {
        OneInterface loader = new OneInterface();
        Class<?>[] types = {loader.define(access), Serializable.class};
        Object proxy = Proxy.newProxyInstance(loader, types, new Answer("as it was written"));
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            thread.setContextClassLoader(loader);
            List<?> copy = (List<?>) copy(new ArrayList<>(List.of(proxy)));
            assertThat(copy.getFirst()).isInstanceOf(types[0]).hasToString("as it was written");
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** Uses a codec with a class loader, and forgets it. */
    static final class Forgetful {
        public static void main(String[] arguments) throws Exception {
            Codec codec = Objects.requireNonNull(Codecs.find(arguments[0]));
            codec.encode(List.of(1)); // what is made once for the process keeps the loader of the thread that made it
            WeakReference<ClassLoader> loader = use(codec);
            boolean isGone = Delays.within(Delays.PATIENCE, () -> {
                System.gc();
                return loader.refersTo(null);
            });
            System.out.println(isGone ? "gone" : "kept");
        }

        private static WeakReference<ClassLoader> use(Codec codec) throws Exception {
            OneClass loader = new OneClass();
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(loader);
            byte[] bytes = codec.encode(loader.define());
            codec.decode(bytes, 0, bytes.length);
            thread.setContextClassLoader(before);
            return new WeakReference<>(loader);
        }
    }

    @Test
    void aClassLoaderThatNobodyUsesAnyMoreIsForgotten() {
        try (ChildJvm user = ChildJvm.start(List.of("-XX:SoftRefLRUPolicyMSPerMB=0"), Forgetful.class, name())) {
            user.awaitLine("gone");
        }
    }

    @SuppressWarnings("JavaUtilDate") // one of the classes in question
    record Dates(Date one, Date other) implements Serializable {}

    @SuppressWarnings("JavaUtilDate") // likewise
    @Test
    void aDateThatIsReferredToTwiceStaysOneObject() throws IOException {
        Date date = new Date(5);
        Dates copy = (Dates) copy(new Dates(date, date));
        assertThat(copy.one()).isEqualTo(date).isSameAs(copy.other());
    }

    /** Changes the array that it is made of. */
    @SuppressWarnings("ArrayRecordComponent") // it is about the array
    record Masked(int[] values) implements Serializable {
        Masked {
            for (int i = 0; i < values.length; i++) {
                values[i] ^= 1;
            }
        }
    }

    @Test
    void whatAClassDoesWhenItIsReadLeavesTheOriginalAlone() throws IOException {
        Masked value = new Masked(new int[2000]);
        byte[] bytes = codec().encode(new ArrayList<>(List.of(value, value)),
                part -> part instanceof int[] ? 0 : -1);
        assertThat(value.values()).containsOnly(1);
        List<?> copy = (List<?>) codec().decode(bytes, 0, bytes.length, _ -> value.values().clone());
        assertThat(((Masked) copy.getFirst()).values()).hasSize(2000).containsOnly(0);
    }

    @Test
    void whatIsLargeMayBePartOfWhatIsSmall() throws IOException {
        for (Object large : List.of(new Object[100_000], new int[100_000])) {
            AtomicReference<?> copy = (AtomicReference<?>) copy(new AtomicReference<>(large));
            assertThat(copy.get()).isEqualTo(large);
        }
    }

    @Test
    void itsNameIsKnown() {
        assertThat(codec().name()).isEqualTo(name());
    }
}
