package io.cleave.share;

import io.cleave.share.trust.Trust;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Apache Fory, made exact: see {@link ForyEngine} and {@link Forms}. Engines are lent out, as each is for one thread at a
 * time. Messages are in the words of Cleave, whose users have none of Fory's switches.
 */
final class ForyCodec implements Codec {
    static final ForyCodec INSTANCE = new ForyCodec();

    private static final String FORY = "org.apache.fory.";
    /** Chains of causes may be circles. */
    private static final int MOST_CAUSES = 20;
    private static final int LEAST_IDLE = 4;

    /** Softly held: each knows a class loader and all classes that it has met. Without a lock, for forked children. */
    private final AtomicReferenceArray<@Nullable SoftReference<ForyEngine>> idle = new AtomicReferenceArray<>(
            Math.max(LEAST_IDLE, Runtime.getRuntime().availableProcessors()));

    private ForyCodec() {
    }

    @Override
    public String name() {
        return "fory";
    }

    /** An engine that asks the filters and the class loader of this moment; one that has thrown is not given back. */
    private ForyEngine lend(boolean isDeep) {
        Trust trust = Trust.current();
        if (isDeep) {
            return new ForyEngine(trust, true); // it is large, and seldom needed
        }
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        for (int i = 0; i < idle.length(); i++) {
            SoftReference<ForyEngine> place = idle.get(i);
            ForyEngine engine = place == null ? null : place.get();
            if (engine != null && Objects.equals(engine.loader(), loader) && idle.compareAndSet(i, place, null)) {
                if (engine.turnsTo(trust)) {
                    return engine;
                }
                giveBack(engine);
            }
        }
        return new ForyEngine(trust, false);
    }

    private void giveBack(ForyEngine engine) {
        for (int i = 0; i < idle.length(); i++) {
            SoftReference<ForyEngine> place = idle.get(i);
            if ((place == null || place.refersTo(null)) && idle.compareAndSet(i, place, engine.softly())) {
                return;
            }
        }
        idle.set(ThreadLocalRandom.current().nextInt(idle.length()), engine.softly());
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        return encode(value, Codecs.NO_SINK);
    }

    @Override
    public byte[] encode(@Nullable Object value, Sink sink) throws IOException {
        return encode(value, sink, -1);
    }

    /** Encodes a value behind a byte that somebody wants to have there; -1 for none. */
    byte[] encode(@Nullable Object value, Sink sink, int first) throws IOException {
        try {
            return encode(value, sink, first, false);
        } catch (ForyEngine.TooDeep | StackOverflowError e) {
            if (!DeepStack.isThere()) {
                return encodeInChild(value, sink, first);
            }
        }
        try {
            return DeepStack.run(() -> encode(value, sink, first, true));
        } catch (ForyEngine.TooDeep | StackOverflowError e) {
            throw JavaCodec.tooDeep(value, e);
        }
    }

    private byte[] encodeInChild(@Nullable Object value, Sink sink, int first) throws IOException {
        try {
            return encode(value, sink, first, true);
        } catch (ForyEngine.TooDeep | StackOverflowError e) {
            throw JavaCodec.tooDeep(value, e);
        }
    }

    private byte[] encode(@Nullable Object value, Sink sink, int first, boolean isDeep) throws IOException {
        ForyEngine engine = lend(isDeep);
        byte[] bytes;
        try {
            bytes = engine.encode(value, sink, first);
        } catch (ForyEngine.TooDeep e) {
            throw e;
        } catch (RuntimeException | LinkageError e) {
            throw refusal(value, engine.last(), e);
        }
        if (!isDeep) {
            giveBack(engine);
        }
        return bytes;
    }

    private static IOException refusal(@Nullable Object value, @Nullable Object last, Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            if (cause instanceof Unshareable unshareable) {
                return unshareable.in(value);
            }
            if (cause instanceof Trust.Untrusted untrusted) {
                return untrusted.checked();
            }
            cause = cause.getCause();
        }
        if (thrown.getClass().getName().endsWith(".InsecureException")) {
            Object insecure = named(value, String.valueOf(thrown.getMessage()));
            Object culprit = insecure == null ? last : insecure;
            return new Unshareable(culprit, Forms.refusalOf(culprit == null ? Object.class : culprit.getClass()))
                    .in(value);
        }
        return new Unshareable(last,
                "which cannot be encoded: " + reason(thrown) + "; send plain data or records, or let "
                        + "the class define its serial form",
                isOfFory(thrown) ? null : thrown).in(value);
    }

    /** The first part of a value whose class a text names: it may not have been met when the class was refused. */
    private static @Nullable Object named(@Nullable Object value, String text) {
        return ObjectPath.first(value, part -> names(text, part.getClass().getName()));
    }

    private static boolean names(String text, String type) {
        return text.contains(type)
                && Pattern.compile("(?<![\\w.$])" + Pattern.quote(type) + "(?![\\w.$]*\\w)").matcher(text).find();
    }

    /** What an exception says, without the words of Fory's that nobody here can act upon. */
    static String reason(Throwable thrown) {
        String text = "";
        Throwable at = thrown;
        for (int i = 0; i < MOST_CAUSES && at != null; i++) {
            if (at instanceof ClassNotFoundException) {
                return "no class " + String.valueOf(at.getMessage()).replace('/', '.')
                        + ": it must be on the reader's class path, too";
            }
            if (!isOfFory(at) && at.getCause() == null) {
                text = at.toString();
            }
            at = at.getCause();
        }
        return text.isEmpty()
                ? "its bytes and the classes that are here do not fit (" + thrown.getClass().getSimpleName()
                        + ")"
                : text;
    }

    private static boolean isOfFory(Throwable thrown) {
        String text = String.valueOf(thrown.getMessage());
        return thrown.getClass().getName().startsWith(FORY) || text.contains("Fory") || text.contains("vulnerab");
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        return decode(bytes, offset, length, Codecs.NO_SOURCE);
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length, Source source) throws IOException {
        try {
            return decode(bytes, offset, length, source, false);
        } catch (ForyEngine.TooDeep | StackOverflowError e) {
            if (!DeepStack.isThere()) {
                return decodeDeep(bytes, offset, length, source);
            }
        }
        return DeepStack.run(() -> decodeDeep(bytes, offset, length, source));
    }

    private @Nullable Object decodeDeep(byte[] bytes, int offset, int length, Source source) throws IOException {
        try {
            return decode(bytes, offset, length, source, true);
        } catch (ForyEngine.TooDeep | StackOverflowError e) {
            throw new InvalidObjectException("the value nests too deeply for a stack of this process", e);
        }
    }

    private @Nullable Object decode(byte[] bytes, int offset, int length, Source source, boolean isDeep)
            throws IOException {
        ForyEngine engine = lend(isDeep);
        Object value;
        try {
            value = engine.decode(bytes, offset, length, source);
        } catch (ForyEngine.TooDeep e) {
            throw e;
        } catch (RuntimeException | LinkageError | AssertionError e) { // Fory asserts what damaged bytes may break
            throw unreadable(e);
        }
        if (!isDeep) {
            giveBack(engine);
        }
        return value;
    }

    private static IOException unreadable(Throwable thrown) {
        Throwable cause = thrown;
        for (int i = 0; i < MOST_CAUSES && cause != null; i++) {
            switch (cause) {
                case Trust.Untrusted untrusted -> {
                    return untrusted.checked();
                }
                case ForyEngine.TooDeep tooDeep -> throw tooDeep;
                case UncheckedIOException unchecked -> {
                    return Objects.requireNonNull(unchecked.getCause());
                }
                default -> cause = cause.getCause();
            }
        }
        return new InvalidObjectException(reason(thrown), thrown instanceof RuntimeException && isOfFory(thrown) ? null
                : thrown);
    }
}
