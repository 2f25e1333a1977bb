package io.cleave.share;

import io.cleave.memory.raw.Proof;
import io.cleave.share.trust.Trust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.fory.Fory;
import org.apache.fory.config.Config;
import org.apache.fory.context.MetaStringReader;
import org.apache.fory.context.MetaStringWriter;
import org.apache.fory.context.ReadContext;
import org.apache.fory.context.WriteContext;
import org.apache.fory.logging.LogLevel;
import org.apache.fory.logging.LoggerFactory;
import org.apache.fory.memory.MemoryBuffer;
import org.apache.fory.resolver.ClassResolver;
import org.apache.fory.resolver.SharedRegistry;
import org.apache.fory.type.Generics;
import org.jspecify.annotations.Nullable;

/**
 * A Fory, for one thread at a time, with tables of Cleave's own for the objects that it has met: they know what Fory does
 * not tell. Code generation is off, as it would compile classes where nothing can be compiled.
 *
 * <p>
 * Fory has limits on reading that it does not have on writing: for nesting, for the memory of the whole graph, and for
 * elements without bytes. They are set here to what no value that was written exceeds, in proportion to the bytes that
 * are there, so that bytes that are made up still cannot ask for more than a machine has.
 *
 * <p>
 * Where the class of an object has other fields here than where it was written, Fory would take those bytes for these
 * fields; a hash of the fields goes with each object and lets that be noticed. Constants of enums are known by their names.
 */
final class ForyEngine {
    /** How deep a value may nest on the caller's stack; a deeper one is begun anew on a {@link DeepStack}. */
    private static final int LEVELS_HERE = 256;
    /** Fory counts some levels before an object is noticed. */
    private static final int SPARE_LEVELS = 64;
    /** So often the stack itself is looked at, as Fory counts levels of some kinds only. */
    private static final int LOOK_EVERY = 1024;
    private static final int MOST_FRAMES_HERE = 2048;
    private static final long LEAST_GRAPH_BYTES = 16 << 20;
    private static final long GRAPH_BYTES_PER_BYTE = 1024;
    private static final long GRAPH_LIMIT = Long.MAX_VALUE / 2;
    private static final long LEAST_UNBACKED = 1 << 16;
    private static final int FIRST_BUFFER = 1024;
    private static final int MOST_KEPT_BUFFER = 1 << 18;

    static {
        // Fory writes what it thinks of a program's classes to standard output.
        if (LoggerFactory.getLogLevel() == LogLevel.DEFAULT_LEVEL) {
            LoggerFactory.disableLogging();
        }
    }

    private final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();
    private final SoftReference<ForyEngine> softly = new SoftReference<>(this);
    private Trust trust;
    /** The classes that Fory has asked for, which it does not do again. */
    private final Set<Class<?>> asked = new HashSet<>();
    /** The classes of the objects that the filters were asked for. */
    private final Set<Class<?>> admitted = new HashSet<>();
    private final Fory fory;
    private final WrittenRefs written = new WrittenRefs(this);
    private final ReadRefs made = new ReadRefs(this);
    private final WriteContext writing;
    private final ReadContext reading;
    private MemoryBuffer buffer = MemoryBuffer.newHeapBuffer(FIRST_BUFFER);
    private Codec.Sink sink = Codecs.NO_SINK;
    private Codec.Source source = Codecs.NO_SOURCE;
    /** What the sink has taken of the value that is being written. */
    private final List<Object> taken = new ArrayList<>();
    private final boolean isDeep;

    /**
     * Makes an engine.
     *
     * @param trust says which classes may be there
     * @param isDeep whether it works on a {@link DeepStack}, which has room for whatever may come
     */
    ForyEngine(Trust trust, boolean isDeep) {
        this.trust = trust;
        this.isDeep = isDeep;
        SharedRegistry registry = new SharedRegistry();
        fory = Fory.builder().withXlang(false).withCompatible(false).withClassVersionCheck(true)
                .serializeEnumByName(true).withRefTracking(true)
                .requireClassRegistration(false).suppressClassRegistrationWarnings(true).withCodegen(false)
                .registerGuavaTypes(false).ignoreTimeRef(false).withAsyncCompilation(false)
                .withMaxDepth(levels() + SPARE_LEVELS)
                .withMaxGraphMemoryBytes(GRAPH_LIMIT)
                .withMaxUnbackedContainerItems(Integer.MAX_VALUE).withSharedRegistry(registry)
                .withTypeChecker((resolver, name) -> isAdmitted(name, resolver.getClassLoader()))
                .build();
        ClassResolver resolver = (ClassResolver) fory.getTypeResolver();
        new Forms(this, resolver).install(fory);
        resolver.finishRegistration();
        writing = new WriteContext(config(), new Generics(), resolver, written, new MetaStringWriter());
        reading = new ReadContext(config(), new Generics(), resolver, made, new MetaStringReader(registry));
    }

    private int levels() {
        return isDeep ? DeepStack.MOST_LEVELS : LEVELS_HERE;
    }

    Config config() {
        return fory.getConfig();
    }

    Trust trust() {
        return trust;
    }

    /** The context class loader of the thread that made the engine, by which it finds classes. */
    @Nullable ClassLoader loader() {
        return loader;
    }

    /** A reference to this engine, always the same. */
    SoftReference<ForyEngine> softly() {
        return softly;
    }

    /** Asks other filters from now on; false where they may refuse a class that Fory does not ask for again. */
    boolean turnsTo(Trust other) {
        if (other.equals(trust)) {
            return true;
        }
        if (!trust.isLimited() || !asked.stream().allMatch(other::admits)) {
            return false;
        }
        trust = other;
        admitted.clear();
        return true;
    }

    private boolean isAdmitted(String className, ClassLoader loader) {
        Class<?> type = Trust.find(className, loader);
        if (type != null) {
            trust.require(type);
            asked.add(type);
        } else if (trust.isLimited()) {
            throw new Trust.Untrusted("the class " + className + " is not here, so that no filter can admit it");
        }
        return true;
    }

    /** Insists that an object that was read, whose class Fory may know without asking, may be there. */
    void admitRead(Object object, int count) {
        if (trust.isLimited()) {
            admit(object, reading.getDepth(), count);
        }
    }

    private void admit(Object object, int depth, int count) {
        Class<?> type = object.getClass();
        int length = type.isArray() ? Array.getLength(object) : -1;
        if (length >= 0 || admitted.add(type)) {
            trust.requireAll(new Trust.Question(type, length, Math.max(1, depth), Math.max(1, count), 0));
        }
    }

    private void checkLimits(int depth, int count, int bytes) {
        trust.requireAll(new Trust.Question(null, -1, Math.max(1, depth), count, bytes));
    }

    /** Thrown where a value nests too deeply for the stack that it is encoded or decoded on. */
    static final class TooDeep extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooDeep() {
            super("a value nests too deeply for this stack", null, false, false);
        }
    }

    /** Notices that an object more is being written, which a reader with these filters must admit. */
    void checkWriting(Object object) {
        if (writing.getDepth() > levels() || (!isDeep && isStackDeep())) {
            throw new TooDeep();
        }
        if (trust.isLimited()) {
            checkLimits(writing.getDepth(), written.size(), buffer.writerIndex());
            admit(object, writing.getDepth(), written.size());
        }
    }

    private boolean isStackDeep() {
        return written.size() % LOOK_EVERY == 0
                && StackWalker.getInstance().walk(frames -> frames.limit(MOST_FRAMES_HERE).count()) == MOST_FRAMES_HERE;
    }

    /** Notices that an object more is being read. */
    void checkReading(int count) {
        if (reading.getDepth() > levels()) {
            throw new TooDeep();
        }
        if (trust.isLimited()) {
            checkLimits(reading.getDepth(), count + 1, reading.getBuffer().readerIndex());
        }
    }

    /** Offers an object to whoever takes parts. */
    int offer(Object part) {
        int number = sink.offer(part);
        while (number >= taken.size()) {
            taken.add(part);
        }
        return number;
    }

    /** The part of a number, which must be of a type. */
    <T> T take(int number, Class<T> type) {
        try {
            Object part = source.take(number);
            if (!type.isInstance(part)) {
                throw new IllegalArgumentException(
                        "part " + number + " is a " + part.getClass().getName() + ", not a " + type.getName());
            }
            return type.cast(part);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Encodes a value, and proves that it can be decoded where that depends on more than its classes.
     *
     * @param first the first byte, or -1 for none
     * @throws TooDeep where the value nests too deeply for this stack
     */
    byte[] encode(@Nullable Object value, Codec.Sink parts, int first) {
        sink = parts;
        buffer.writerIndex(0);
        writing.prepare(buffer, null);
        if (first >= 0) {
            buffer.writeByte((byte) first);
        }
        writing.writeRootRef(value);
        byte[] bytes = buffer.getBytes(0, buffer.writerIndex());
        if (isDeep || written.hasRepeats()) {
            prove(value, bytes, first >= 0 ? 1 : 0);
        }
        writing.reset();
        taken.clear();
        sink = Codecs.NO_SINK;
        if (buffer.size() > MOST_KEPT_BUFFER) {
            buffer = MemoryBuffer.newHeapBuffer(FIRST_BUFFER);
        }
        return bytes;
    }

    /** What was met last by an encoding that failed. */
    @Nullable Object last() {
        return written.last();
    }

    private void prove(@Nullable Object value, byte[] bytes, int offset) {
        Proof.begin();
        try {
            source = PartView.copies(taken);
            read(bytes, offset, bytes.length - offset);
        } catch (TooDeep e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw new Unshareable(value, "which could be written, but not read: " + ForyCodec.reason(e)
                    + "; no object may be part of itself by way of a record, an immutable collection or a class that "
                    + "replaces itself, and what a class needs when it is read must be there", e);
        } finally {
            Proof.end();
        }
        for (int i = 0; i < written.size(); i++) {
            checkContent(written.get(i), made.get(i));
        }
        endReading();
    }

    /** A key that has been put in its place before it was whole is not found there. */
    private static void checkContent(@Nullable Object original, @Nullable Object copy) {
        boolean isWhole = true;
        try {
            if (original instanceof Map<?, ?> map && copy instanceof Map<?, ?> other && JavaOutput.isOfJdk(original)) {
                isWhole = map.size() == other.size() && hasAll(other.keySet());
            } else if (original instanceof Set<?> set && copy instanceof Set<?> other && JavaOutput.isOfJdk(original)) {
                isWhole = set.size() == other.size() && hasAll(other);
            }
        } catch (RuntimeException | StackOverflowError e) {
            isWhole = false;
        }
        if (!isWhole) {
            throw new Unshareable(original,
                    "of which a key would be lost when it is read: the key contains the collection, "
                            + "and has its place there before it is whole; let hashCode, equals and compareTo use fields that come "
                            + "before, or keep the collection out of its keys");
        }
    }

    /** Whether a collection finds all that is in it. */
    static boolean hasAll(Collection<?> keys) {
        for (Object key : keys) {
            if (!keys.contains(key)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Decodes a value.
     *
     * @throws TooDeep where the value nests too deeply for this stack
     */
    @Nullable Object decode(byte[] bytes, int offset, int length, Codec.Source parts) {
        source = parts;
        Object value = read(bytes, offset, length);
        endReading();
        return value;
    }

    private @Nullable Object read(byte[] bytes, int offset, int length) {
        reading.prepare(MemoryBuffer.fromByteArray(bytes, offset, length), null, false);
        long graph = LEAST_GRAPH_BYTES + GRAPH_BYTES_PER_BYTE * length;
        reading.reserveGraphMemory(GRAPH_LIMIT - graph);
        long unbacked = Math.min(Integer.MAX_VALUE, LEAST_UNBACKED + GRAPH_BYTES_PER_BYTE * length);
        reading.reserveUnbackedContainerItems((int) (Integer.MAX_VALUE - unbacked));
        return reading.readRootRef();
    }

    private void endReading() {
        reading.reset();
        source = Codecs.NO_SOURCE;
    }
}
