package io.cleave.share;

import io.cleave.memory.Lifetime;
import java.util.Objects;

/**
 * How {@link Share#write(Object, WriteOptions)} writes. Options are immutable: each method returns others.
 *
 * <pre>{@code
 * Share.write(table, WriteOptions.defaults().withLifetime(Lifetime.PERSISTENT).withReads(4));
 * }</pre>
 */
public final class WriteOptions {
    /** What {@link #threshold()} is by default: 256 KiB, above which a block costs less than the copies that a token takes. */
    public static final long DEFAULT_THRESHOLD = 256L << 10;

    private static final WriteOptions DEFAULTS = new WriteOptions(DEFAULT_THRESHOLD, Lifetime.ATTACHED,
            ImageLayout.UNLIMITED, Codec.standard(), false);

    private final long threshold;
    private final Lifetime lifetime;
    private final long reads;
    private final Codec codec;
    private final boolean inlineFallback;

    private WriteOptions(long threshold, Lifetime lifetime, long reads, Codec codec, boolean inlineFallback) {
        this.threshold = threshold;
        this.lifetime = lifetime;
        this.reads = reads;
        this.codec = codec;
        this.inlineFallback = inlineFallback;
    }

    /**
     * A threshold of 256 KiB, a lifetime of {@link Lifetime#ATTACHED}, any number of reads, the standard codec, no
     * fallback.
     *
     * @return the options of {@link Share#write(Object)}
     */
    public static WriteOptions defaults() {
        return DEFAULTS;
    }

    /**
     * From which size on a value is written to shared memory; a smaller one travels in its token.
     *
     * @param bytes the size of the encoded value with all its parts, at least 0; 0 for all values
     * @return options with this threshold
     * @throws IllegalArgumentException where it is negative
     */
    public WriteOptions withThreshold(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a threshold is at least 0, not " + bytes);
        }
        return new WriteOptions(bytes, lifetime, reads, codec, inlineFallback);
    }

    /**
     * How long a value stays in shared memory when no process holds it any more: see {@link Share}.
     *
     * @param stays {@link Lifetime#ATTACHED} or {@link Lifetime#PERSISTENT}
     * @return options with this lifetime
     */
    public WriteOptions withLifetime(Lifetime stays) {
        return new WriteOptions(threshold, Objects.requireNonNull(stays), reads, codec, inlineFallback);
    }

    /**
     * After how many reads a value frees itself. A read counts from its beginning, also where it fails later on. It has
     * no effect on a value that travels in its token.
     *
     * @param count at least 1
     * @return options with this number of reads
     * @throws IllegalArgumentException where it is less
     */
    public WriteOptions withReads(long count) {
        if (count < 1) {
            throw new IllegalArgumentException("a value can be read once at least, not " + count + " times");
        }
        return new WriteOptions(threshold, lifetime, count, codec, inlineFallback);
    }

    /**
     * What encodes values that are no arrays of primitives, segments, buffers or tensors.
     *
     * @param encoder the codec, which readers in other JVMs have to know too: {@link Codec#register}
     * @return options with this codec
     * @throws IllegalArgumentException where its name cannot be one
     */
    public WriteOptions withCodec(Codec encoder) {
        Codecs.register(encoder);
        return new WriteOptions(threshold, lifetime, reads, encoder, inlineFallback);
    }

    /**
     * Whether a value for which there is no shared memory travels in its token, at a third more than its size, rather
     * than being refused by {@link io.cleave.AllocationException}.
     *
     * @param allowed false by default
     * @return options that allow or forbid it
     */
    public WriteOptions withInlineFallback(boolean allowed) {
        return new WriteOptions(threshold, lifetime, reads, codec, allowed);
    }

    /**
     * See {@link #withThreshold}.
     *
     * @return bytes
     */
    public long threshold() {
        return threshold;
    }

    /**
     * See {@link #withLifetime}.
     *
     * @return the lifetime
     */
    public Lifetime lifetime() {
        return lifetime;
    }

    /**
     * See {@link #withReads}.
     *
     * @return how many, -1 for any number
     */
    public long reads() {
        return reads;
    }

    /**
     * See {@link #withCodec}.
     *
     * @return the codec
     */
    public Codec codec() {
        return codec;
    }

    /**
     * See {@link #withInlineFallback}.
     *
     * @return whether it is allowed
     */
    public boolean inlineFallback() {
        return inlineFallback;
    }

    /**
     * All options.
     *
     * @return such as {@code WriteOptions[threshold=1048576, lifetime=ATTACHED, ...]}
     */
    @Override
    public String toString() {
        return "WriteOptions[threshold=" + threshold + ", lifetime=" + lifetime + ", reads="
                + (reads < 0 ? "any" : Long.toString(reads)) + ", codec=" + codec.name() + ", inlineFallback="
                + inlineFallback + "]";
    }
}
