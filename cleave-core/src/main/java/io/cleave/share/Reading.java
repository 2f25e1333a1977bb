package io.cleave.share;

import io.cleave.BlockNotFoundException;
import io.cleave.IncompatibleBlockException;
import io.cleave.TokenException;
import io.cleave.memory.raw.RawBlock;
import io.cleave.os.SigbusGuard;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** What {@link Share} does to make a value of a token. */
final class Reading {
    private Reading() {
    }

    static <T> Lease<T> read(String text, Class<T> type, boolean writable) {
        return read(text, Token.parse(text), type, writable);
    }

    static <T> Lease<T> read(byte[] bytes, Class<T> type) {
        return read("a token of " + bytes.length + " bytes", Token.parse(bytes), type, false);
    }

    private static <T> Lease<T> read(String text, Token token, Class<T> type, boolean writable) {
        return switch (token) {
            case Token.Inline inline -> new Lease<>(inline(text, inline, type, writable), null);
            case Token.Shared shared -> shared(text, shared, type, writable);
        };
    }

    private static <T> @Nullable T inline(String text, Token.Inline token, Class<T> type, boolean writable) {
        try {
            return new ImageReader(token.image(), piece -> copy(piece, writable), true).read(type);
        } catch (DamagedImageException e) {
            throw new TokenException(Token.message(text, e.reason()), e);
        }
    }

    /** A view of what no other process sees: memory of its own, so that the token's bytes need not be kept. */
    private static MemorySegment copy(MemorySegment piece, boolean writable) {
        MemorySegment copy = CopyMemory.allocate(piece.byteSize()).copyFrom(piece);
        return writable ? copy : copy.asReadOnly();
    }

    private static <T> Lease<T> shared(String text, Token.Shared token, Class<T> type, boolean writable) {
        RawBlock block = Store.view(token);
        if (block == null) {
            throw gone(text);
        }
        boolean keep = false;
        ImageReader reader = null;
        try {
            MemorySegment image = block.map(writable ? RawBlock.Mapping.PRIVATE : RawBlock.Mapping.READ_ONLY);
            reader = new ImageReader(image, piece -> piece, false);
            if (ImageLayout.readsVolatile(image) != ImageLayout.UNLIMITED) {
                long left = Store.countRead(block);
                if (left < 0) {
                    throw gone(text);
                }
                if (left == 0) {
                    Store.end(block); // this process looks at it already, and nothing takes that away
                }
            }
            T value = reader.read(type);
            VarHandle.loadLoadFence(); // or the look at the mapping comes before what is read there
            SigbusGuard.requireIntact(image); // afterwards, as what was copied may be zeroes
            keep = reader.hasViews();
            return new Lease<>(value, keep ? block : null);
        } catch (DamagedImageException e) {
            throw new IncompatibleBlockException("the block of " + Token.shown(text) + " cannot be read: " + e.reason(),
                    e);
        } finally {
            if (!keep && reader != null && reader.hasViews()) {
                block.close(); // what was decoded before it failed may have been kept
            } else if (!keep) {
                block.closeUnshared();
            }
        }
    }

    private static BlockNotFoundException gone(String text) {
        return new BlockNotFoundException("the value of " + Token.shown(text) + " is not there any more: it was freed, "
                + "has been read as often as it may be, or ended with the last process that held it; a lifetime of "
                + "PERSISTENT keeps a value beyond its writer");
    }
}
