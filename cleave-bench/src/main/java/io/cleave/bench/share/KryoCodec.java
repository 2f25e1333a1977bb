package io.cleave.bench.share;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.cleave.share.Codec;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Kryo, as a rival. For one thread. */
final class KryoCodec implements Codec {
    private static final int FIRST_BYTES = 4096;

    private final Kryo kryo = new Kryo();

    KryoCodec() {
        kryo.setRegistrationRequired(false);
        kryo.setReferences(true);
    }

    @Override
    public String name() {
        return "kryo";
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        try (Output out = new Output(FIRST_BYTES, -1)) {
            kryo.writeClassAndObject(out, value);
            return out.toBytes();
        } catch (KryoException e) {
            throw new IOException(e);
        }
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        try (Input in = new Input(bytes, offset, length)) {
            return kryo.readClassAndObject(in);
        } catch (KryoException e) {
            throw new IOException(e);
        }
    }
}
