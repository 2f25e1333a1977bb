package io.cleave.share;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The codecs that this JVM knows, by their names. */
final class Codecs {
    /** Leaves every part to the codec. */
    static final Codec.Sink NO_SINK = part -> -1;
    /** For bytes that were encoded without a sink. */
    static final Codec.Source NO_SOURCE = number -> {
        throw new IOException("part " + number + " is missing: nothing was to travel beside these bytes");
    };

    /** What a name can be; none takes more bytes than {@link ImageLayout#CODEC_BYTES}. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,32}");
    private static final Map<String, Codec> OWN = Map.of(StandardCodec.INSTANCE.name(), StandardCodec.INSTANCE,
            ForyCodec.INSTANCE.name(), ForyCodec.INSTANCE, JavaCodec.INSTANCE.name(), JavaCodec.INSTANCE);
    private static final Map<String, Codec> REGISTERED = new ConcurrentHashMap<>();

    private Codecs() {
    }

    /** A codec's name, which is as it has to be. */
    static String nameOf(Codec codec) {
        String name = codec.name();
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("\"" + name + "\" cannot name a codec: a name has 1 to 32 of the "
                    + "characters A-Z a-z 0-9 . _ -");
        }
        return name;
    }

    static void register(Codec codec) {
        String name = nameOf(codec);
        if (OWN.containsValue(codec)) {
            return;
        }
        if (OWN.containsKey(name)) {
            throw new IllegalArgumentException("\"" + name + "\" is a codec of Cleave's own; choose another name");
        }
        REGISTERED.put(name, codec);
    }

    /** The codec of a name, or null. */
    static @Nullable Codec find(String name) {
        Codec own = OWN.get(name);
        return own != null ? own : REGISTERED.get(name);
    }
}
