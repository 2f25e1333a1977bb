package io.cleave.share;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.fory.Fory;
import org.jspecify.annotations.Nullable;

/**
 * Apache Fory without code generation, which would compile classes where nothing can be compiled. A Fory is for one
 * thread at a time, so they are lent out; its own list of classes that are known to be abused is always on.
 */
final class ForyCodec implements Codec {
    static final ForyCodec INSTANCE = new ForyCodec();

    private final ConcurrentLinkedQueue<Fory> idle = new ConcurrentLinkedQueue<>();

    private ForyCodec() {
    }

    @Override
    public String name() {
        return "fory";
    }

    private Fory lend() {
        Fory fory = idle.poll();
        return fory != null ? fory
                : Fory.builder().withXlang(false).withCompatible(false).withRefTracking(true)
                        .requireClassRegistration(false).suppressClassRegistrationWarnings(true).withCodegen(false)
                        .withAsyncCompilation(false).build();
    }

    @Override
    public byte[] encode(@Nullable Object value) throws IOException {
        Fory fory = lend();
        byte[] bytes = fory.serialize(value); // a Fory that has thrown is not lent again
        idle.add(fory);
        return bytes;
    }

    @Override
    public @Nullable Object decode(byte[] bytes, int offset, int length) throws IOException {
        Fory fory = lend();
        Object value = fory.deserialize(Arrays.copyOfRange(bytes, offset, offset + length));
        idle.add(fory);
        return value;
    }
}
