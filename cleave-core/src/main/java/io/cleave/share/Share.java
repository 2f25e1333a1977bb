package io.cleave.share;

import io.cleave.AllocationException;
import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.TokenException;
import io.cleave.memory.Lifetime;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Hands values to other JVMs of the same user on the same machine, at the speed of memory: {@link #write} returns a short
 * token, which any message, argument or file can carry, and {@link #read} makes the value of it.
 *
 * <pre>{@code
 * String token = Share.write(features);                       // here: a float[] of 1 GiB
 * ...
 * MemorySegment features = Share.read(token, MemorySegment.class);   // there: a view, in microseconds
 * }</pre>
 *
 * <h2>What can be shared</h2> Everything that the {@link Codec} can encode. Arrays of primitives, memory segments, NIO
 * buffers and {@link Tensor}s travel as they lie in memory, at any depth of the object: one copy when they are written. On
 * the way back segments, buffers and tensors are views of the shared memory itself, and read-only: the memory is mapped so
 * that nobody can change it for others by whatever means. Arrays are copied into the heap of the reader. A value that is
 * itself one of these can be read as another of them: what was written as {@code float[]} can be read as
 * {@code MemorySegment}, {@code FloatBuffer} or {@code Tensor} without a copy.
 *
 * <p>
 * A value that takes less than {@link WriteOptions#threshold} travels in its token. That is a copy which anybody may keep:
 * there is nothing to free then.
 *
 * <p>
 * What has been written can be read. What cannot be encoded is refused when it is written, and so is what could not be
 * decoded: a record, an immutable collection or an object with a serial proxy that is a part of itself; a key that contains
 * the map in which it is, where its hash code needs what is read later; an {@code Externalizable} class without a public
 * constructor. The message has the path to the part, such as {@code Order.lines[3].socket}, and what to do. To know that,
 * a value in which an object is met twice is decoded once when it is written, which calls {@code readObject} and
 * {@code readResolve} of its classes. Values that nest deeply, such as chains of some thousand nodes, are encoded and decoded
 * on a thread of their own with a large stack, which costs some milliseconds; do not hold a lock then that their classes need.
 * 128 Ki levels are the limit. Classes of the JDK come back in the form that they define for themselves. A class whose
 * fields are others where the value is read than where it was written, such as one of an older version of the program, is
 * refused when the value is read; constants of an enum are known by their names.
 *
 * <h2>How long a value lives</h2> A value in shared memory is there as long as a process holds it, and no longer:
 * <ul>
 * <li>The writer holds it until it frees it, or ends.
 * <li>A reader holds it as long as a view of it is reachable, or a {@link Lease} open.
 * <li>{@link Lifetime#PERSISTENT} lets it stay without any holder, until it is freed or the machine restarts.
 * </ul>
 * {@link #free}, called in any process, and the last of {@link WriteOptions#withReads} so many reads end a value: nobody
 * can read it any more. Views that exist stay valid, whoever frees it, and keep its memory. The death of a process, by
 * {@code kill -9} too, ends what it held; memory is left by a death only where the last holder was killed, and then until
 * another process of the user shares values or makes blocks, which sweeps as it goes. Forked children hold nothing of what their parent wrote or read; they may look at its
 * views for as long as it holds them. Reading and writing values in a forked child is not relied on yet: the classes that
 * this needs may have to be loaded by threads that a child does not have.
 *
 * <p>
 * The memory of freed values stays with its writer for ten seconds, to be used for the next value, which is several times
 * as fast as fresh memory: at most 16 blocks and an eighth of the memory that the machine or the control group has.
 * {@link #trim} gives it back at once; {@code -Dcleave.idleMillis} sets another time, in milliseconds.
 *
 * <h2>Safety</h2> Blocks are files of mode 600 in {@code /dev/shm}, or where {@code CLEAVE_DIR} says; a token holds 128
 * random bits and no path. Tokens and blocks are checked before anything in them is believed: what is cut, changed or made
 * up leads to an exception of the kinds below. What a token or a block may make of it is up to the codec, which refuses
 * classes that are known to be abused; do not read tokens that come from whom you do not trust. Where the classes are
 * known that values are made of, {@code -Dcleave.serialFilter} admits no others, in the words of
 * {@code jdk.serialFilter}: {@code com.example.**;java.base/*;!*}. {@code -Djdk.serialFilter} itself, and filters that are set
 * by {@link java.io.ObjectInputFilter.Config}, apply to every codec as well. What a filter of this JVM refuses cannot be
 * written here either.
 *
 * <p>
 * Processes of the same user trust each other not to truncate the file of a value. Reading one that has been cut short is
 * an {@link IncompatibleBlockException}. Where it is cut short while it is read or looked at, accessing what is missing is
 * an {@link InternalError} once for each page, and zeroes from then on, as for any {@link io.cleave.memory.SharedMemory}.
 *
 * <h2>Threads and processes</h2> All methods may be called by any thread at any time. Reading happens after writing, in
 * the sense of the Java memory model, in whatever process.
 *
 * <h2>Cost</h2> A value of 10 KiB takes about as long as its encoding. A large array is written at the speed of memory
 * where memory of a freed value can be used, and at that of {@code write(2)} to fresh memory otherwise; a view takes a
 * mapping at any size, and then a page fault for each 64 KiB that are touched for the first time.
 */
public final class Share {
    private Share() {
    }

    /**
     * Writes a value with the default options.
     *
     * @param value any value, or null; it must not change while it is written
     * @return a token for it
     * @throws AllocationException where there is not that much shared memory; nothing is left then
     * @throws IllegalArgumentException where the codec cannot encode it
     */
    public static String write(@Nullable Object value) {
        return write(value, WriteOptions.defaults());
    }

    /**
     * Writes a value.
     *
     * @param value any value, or null; it must not change while it is written
     * @param options how
     * @return a token for it
     * @throws AllocationException where there is not that much shared memory; nothing is left then
     * @throws IllegalArgumentException where the codec cannot encode it
     */
    public static String write(@Nullable Object value, WriteOptions options) {
        ImageWriter writer = ImageWriter.of(value, options.codec());
        String token = writeShared(writer, options);
        return token == null ? Token.Inline.text(writer.toBytes()) : token;
    }

    /** Writes a value to shared memory; null where it is to travel in its token. */
    private static @Nullable String writeShared(ImageWriter writer, WriteOptions options) {
        if (writer.byteSize() < options.threshold()) {
            return null;
        }
        try {
            return Store.current().write(writer, options).text();
        } catch (AllocationException e) {
            if (!options.inlineFallback() || writer.byteSize() > ImageWriter.MOST_INLINE_BYTES) {
                throw e;
            }
            return null;
        }
    }

    /**
     * Writes a value with the default options, for a message that carries bytes. A small value's token is a quarter shorter
     * so than as text, and takes a single copy to make and one to read.
     *
     * @param value any value, or null; it must not change while it is written
     * @return a token for it; that of a value in shared memory is the text of {@link #write} in ASCII
     * @throws AllocationException where there is not that much shared memory; nothing is left then
     * @throws IllegalArgumentException where the codec cannot encode it
     */
    public static byte[] writeBytes(@Nullable Object value) {
        return writeBytes(value, WriteOptions.defaults());
    }

    /**
     * Writes a value, for a message that carries bytes. See {@link #writeBytes(Object)}.
     *
     * @param value any value, or null; it must not change while it is written
     * @param options how
     * @return a token for it; that of a value in shared memory is the text of {@link #write} in ASCII
     * @throws AllocationException where there is not that much shared memory; nothing is left then
     * @throws IllegalArgumentException where the codec cannot encode it
     */
    public static byte[] writeBytes(@Nullable Object value, WriteOptions options) {
        ImageWriter writer = ImageWriter.of(value, options.codec());
        String token = writeShared(writer, options);
        return token == null ? writer.toBytes() : token.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Reads a value. Its views keep the shared memory as long as any of them is reachable.
     *
     * @param token what {@link #write} returned, here or in another process
     * @param type the value's type, or one of its supertypes; see above for the types as which an array, segment, buffer
     *        or tensor can be had
     * @param <T> the type
     * @return the value; null where null was written
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws BlockNotFoundException where the value has been freed, has been read as often as it may be, or has ended
     *         with its last holder
     * @throws IncompatibleBlockException where the block is damaged, another user's, or was written by a codec that is not
     *         known or refuses its content
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> @Nullable T read(String token, Class<T> type) {
        return Reading.read(token, type, false).value();
    }

    /**
     * Reads a value by a token of bytes. See {@link #read(String, Class)}.
     *
     * @param token what {@link #writeBytes} returned, here or in another process; it must not change meanwhile
     * @param type the value's type, or one of its supertypes
     * @param <T> the type
     * @return the value; null where null was written
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws BlockNotFoundException where the value has been freed, has been read as often as it may be, or has ended
     *         with its last holder
     * @throws IncompatibleBlockException where the block is damaged, another user's, or was written by a codec that is not
     *         known or refuses its content
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> @Nullable T read(byte[] token, Class<T> type) {
        return Reading.read(token, type).value();
    }

    /**
     * Reads a value by a token of bytes, whose memory can be given back at a definite time. See {@link #open(String, Class)}.
     *
     * @param token what {@link #writeBytes} returned, here or in another process; it must not change meanwhile
     * @param type the value's type, or one of its supertypes
     * @param <T> the type
     * @return a lease on the value, to be closed
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws BlockNotFoundException where the value has been freed, has been read as often as it may be, or has ended
     *         with its last holder
     * @throws IncompatibleBlockException where the block is damaged, another user's, or was written by a codec that is not
     *         known or refuses its content
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> Lease<T> open(byte[] token, Class<T> type) {
        return Reading.read(token, type);
    }

    /**
     * Reads a value whose memory can be given back at a definite time. See {@link #read}.
     *
     * @param token what {@link #write} returned, here or in another process
     * @param type the value's type, or one of its supertypes
     * @param <T> the type
     * @return a lease on the value, to be closed
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws BlockNotFoundException where the value has been freed, has been read as often as it may be, or has ended
     *         with its last holder
     * @throws IncompatibleBlockException where the block is damaged, another user's, or was written by a codec that is not
     *         known or refuses its content
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> Lease<T> open(String token, Class<T> type) {
        return Reading.read(token, type, false);
    }

    /**
     * Reads a value whose segments, buffers and tensors can be written to. A page that is written to is copied; nobody
     * else sees it. See {@link #read}.
     *
     * @param token what {@link #write} returned, here or in another process
     * @param type the value's type, or one of its supertypes
     * @param <T> the type
     * @return the value; null where null was written
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws BlockNotFoundException where the value has been freed, has been read as often as it may be, or has ended
     *         with its last holder
     * @throws IncompatibleBlockException where the block is damaged, another user's, or was written by a codec that is not
     *         known or refuses its content
     * @throws IllegalArgumentException where the value is not of that type
     */
    public static <T> @Nullable T readPrivate(String token, Class<T> type) {
        return Reading.read(token, type, true).value();
    }

    /**
     * Ends a value: nobody can read it from now on, those who look at it go on undisturbed.
     *
     * @param token what {@link #write} returned, here or in another process
     * @return true where this call ended it; false where it had ended before, or travels in the token
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws IncompatibleBlockException where the block is damaged or another user's
     */
    public static boolean free(String token) {
        return switch (Token.parse(token)) {
            case Token.Inline _ -> false;
            case Token.Shared shared -> Store.current().free(shared);
        };
    }

    /**
     * Ends a value by a token of bytes. See {@link #free(String)}.
     *
     * @param token what {@link #writeBytes} returned, here or in another process
     * @return true where this call ended it; false where it had ended before, or travels in the token
     * @throws TokenException where it is no token, or none of this version, or has been changed
     * @throws IncompatibleBlockException where the block is damaged or another user's
     */
    public static boolean free(byte[] token) {
        return switch (Token.parse(token)) {
            case Token.Inline _ -> false;
            case Token.Shared shared -> Store.current().free(shared);
        };
    }

    /**
     * Gives back the memory that this process keeps of freed values, which it otherwise does ten seconds after it was
     * last used.
     */
    public static void trim() {
        Store.current().trim();
    }
}
