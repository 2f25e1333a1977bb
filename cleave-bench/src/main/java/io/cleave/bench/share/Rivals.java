package io.cleave.bench.share;

import io.cleave.share.Codec;

/** What others send through a pipe. */
final class Rivals {
    private static final Codec KRYO = new KryoCodec();

    private Rivals() {
    }

    static Codec codec(String way) {
        return switch (way) {
            case "java-pipe" -> Codec.java();
            case "fory-pipe" -> Codec.fory();
            case "kryo-pipe" -> KRYO;
            default -> throw new IllegalArgumentException(way);
        };
    }
}
