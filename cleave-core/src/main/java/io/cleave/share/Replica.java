package io.cleave.share;

import io.cleave.BlockNotFoundException;
import io.cleave.TokenException;
import io.cleave.memory.raw.RawBlock;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A hold on a value in this machine's shared memory, by which it can be sent to another machine and be there under
 * the same name.
 *
 * <pre>{@code
 * try (Replica replica = Replica.find(data.name()).orElseThrow()) {       // here
 *     send(data.name(), replica.byteSize());
 *     replica.copyTo(out);
 * }
 * Replica replica = Replica.receive(name, byteSize, in);                  // on the other machine
 * Model model = SharedData.load(name, Model.class);                       // and in each process there
 * }</pre>
 *
 * <p>
 * The value stays as long as a process of the machine holds it, by a replica or in another way; {@link #close} lets
 * go of it and frees it for nobody else. What is freed on one machine lives on upon others. All methods may be called
 * by any thread at any time; {@code copyTo} while others close is an {@link IllegalStateException}.
 */
public final class Replica implements AutoCloseable {
    private static final int PIECE_BYTES = 1 << 20;

    private final RawBlock block;

    private Replica(RawBlock block) {
        this.block = block;
    }

    private static Token.Shared parse(String name) {
        if (Token.parse(name) instanceof Token.Shared shared) {
            return shared;
        }
        throw new TokenException(Token.message(name, "the value travels in it, and is nowhere in shared memory"));
    }

    /**
     * Holds a value.
     *
     * @param name what {@link SharedData#name} returned, on whatever machine
     * @return the hold, or empty where this machine does not have the value
     * @throws TokenException where it is no name
     * @throws io.cleave.IncompatibleBlockException where the block is damaged or another user's
     */
    public static Optional<Replica> find(String name) {
        return Optional.ofNullable(Store.view(parse(name))).map(Replica::new);
    }

    /**
     * Writes a value that comes from another machine to shared memory, and holds it. Where the value has come by
     * another way meanwhile, that is held, and what was written is removed.
     *
     * @param name the value's name
     * @param byteSize how many bytes come
     * @param in gives what {@link #copyTo} wrote; read to that size and not closed
     * @return the hold
     * @throws IOException what the stream throws, or where it ends too early
     * @throws TokenException where it is no name
     * @throws io.cleave.AllocationException where there is not that much shared memory
     * @throws io.cleave.IncompatibleBlockException where what comes is no value of that name
     */
    public static Replica receive(String name, long byteSize, InputStream in) throws IOException {
        return new Replica(Store.receive(name, parse(name), byteSize, in));
    }

    /**
     * What the value takes.
     *
     * @return bytes, as {@link #receive} wants to know
     */
    public long byteSize() {
        return block.byteSize();
    }

    /**
     * Sends the value, as it lies in memory.
     *
     * @param out takes {@link #byteSize} bytes; not closed
     * @throws IOException what the stream throws
     * @throws BlockNotFoundException where the value has been freed since
     */
    public void copyTo(OutputStream out) throws IOException {
        try (RawBlock own = view()) {
            MemorySegment image = own.map(RawBlock.Mapping.READ_ONLY);
            byte[] piece = new byte[(int) Math.min(PIECE_BYTES, image.byteSize())];
            MemorySegment target = MemorySegment.ofArray(piece);
            for (long at = 0; at < image.byteSize(); at += piece.length) {
                int length = (int) Math.min(piece.length, image.byteSize() - at);
                MemorySegment.copy(image, at, target, 0, length);
                out.write(piece, 0, length);
            }
        }
    }

    /** Attaches once more, as a block can be mapped once, and a mapping ends with it. */
    private RawBlock view() {
        MemorySegment head = block.head();
        RawBlock own = Store.view(new Token.Shared(ImageLayout.longPlain(head, ImageLayout.ID_HIGH_AT),
                ImageLayout.longPlain(head, ImageLayout.ID_LOW_AT)));
        if (own == null) {
            throw new BlockNotFoundException("the value has been freed while it was to be copied");
        }
        return own;
    }

    /** Lets go of the value, which goes with the last who holds it. The second and later calls do nothing. */
    @Override
    public synchronized void close() {
        block.close();
    }
}
