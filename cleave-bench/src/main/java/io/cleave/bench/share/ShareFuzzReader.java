package io.cleave.bench.share;

import io.cleave.bench.FuzzReader;
import io.cleave.memory.Lifetime;
import io.cleave.memory.SharedMemory;
import io.cleave.share.Codec;
import io.cleave.share.Share;
import io.cleave.share.Tensor;
import io.cleave.share.WriteOptions;
import java.io.IOException;
import java.io.Serializable;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/** The JVM that reads tokens and blocks of shared values, in turn. */
final class ShareFuzzReader extends FuzzReader {
    private static final int HEADER_BYTES = 4096;
    private static final String INLINE = "cleave:1:i:";

    // the image's layout, from the beginning of the user's bytes
    private static final int STATE_AT = 12;
    private static final int ID_AT = 16;
    private static final int READS_AT = 32;
    private static final int CONTENT_AT = 40;
    private static final int META_AT = 48;
    private static final int META_BYTES_AT = 56;
    private static final int CHECK_AT = 96;

    /** A value that nobody holds, as its block's file has it. */
    @SuppressWarnings("ArrayRecordComponent") // two samples are never compared
    private record Sample(String token, Path file, byte[] content) {}

    private final List<String> tokens = new ArrayList<>();
    private final List<Sample> samples = new ArrayList<>();

    /** Arguments: as {@link FuzzReader#run} takes them. */
    public static void main(String[] arguments) {
        run(new ShareFuzzReader(), arguments);
    }

    @Override
    protected void read(long number, SplittableRandom random) throws IOException {
        if (number % 2 == 0) {
            read(mutatedToken(random), random);
        } else {
            readMutatedBlock(random);
        }
    }

    private record Row(String name, List<Object> cells, Map<String, double[]> columns) implements Serializable {}

    private static List<Object> values() {
        Map<String, double[]> columns = new HashMap<>();
        columns.put("large", new double[1000]);
        columns.put("small", new double[] {1, 2, 3});
        List<Object> cells = new ArrayList<>(List.of(1, 2L, "text", new byte[5000], List.of(true, 'x')));
        return List.of(new float[2000], new byte[20], MemorySegment.ofArray(new long[700]),
                Tensor.of(new int[1200], 30, 40),
                ByteBuffer.allocate(5000), new Row("row", cells, columns), "some text", new HashMap<>(Map.of(1, "a")));
    }

    @Override
    protected void prepare() throws IOException {
        WriteOptions staying = WriteOptions.defaults().withThreshold(0).withLifetime(Lifetime.PERSISTENT);
        for (Object value : values()) {
            for (Codec codec : List.of(Codec.standard(), Codec.java())) {
                if (codec.name().equals("java") && value instanceof String) {
                    continue; // one of each kind will do
                }
                tokens.add(Share.write(value, WriteOptions.defaults().withCodec(codec)));
                String token = Share.write(value, staying.withCodec(codec));
                String name = SharedMemory.list().getFirst().name();
                Path file = directory().resolve("cleave." + name);
                samples.add(new Sample(token, file, Files.readAllBytes(file)));
                Share.free(token);
                Share.trim();
            }
        }
        samples.forEach(sample -> tokens.add(sample.token));
    }

    private String mutatedToken(SplittableRandom random) {
        String token = tokens.get(random.nextInt(tokens.size()));
        if (token.startsWith(INLINE) && random.nextBoolean()) { // what is behind the checksum
            byte[] bytes = Base64.getUrlDecoder().decode(token.substring(INLINE.length()));
            byte[] image = mutated(Arrays.copyOf(bytes, bytes.length - 4), 0, random);
            restamp(image, 0);
            byte[] whole = Arrays.copyOf(image, image.length + 4);
            CRC32C crc = new CRC32C();
            crc.update(image);
            ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(image.length, (int) crc.getValue());
            return INLINE + Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
        }
        StringBuilder text = new StringBuilder(token);
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(text.length() + 1);
            switch (random.nextInt(4)) {
                case 0 -> text.setLength(at);
                case 1 -> text.insert(at, (char) random.nextInt(random.nextBoolean() ? 128 : 65_536));
                case 2 -> text.append(text, 0, Math.min(at, 100));
                default -> {
                    if (at < text.length()) {
                        text.setCharAt(at, (char) (33 + random.nextInt(94)));
                    }
                }
            }
        }
        return text.toString();
    }

    private static byte[] mutated(byte[] original, int from, SplittableRandom random) {
        byte[] bytes = original.clone();
        if (random.nextInt(8) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(2 * bytes.length + 1));
        }
        for (int changes = 1 + random.nextInt(4); changes > 0 && bytes.length > from; changes--) {
            int near = random.nextInt(3) == 0 ? bytes.length : Math.min(bytes.length, from + 400);
            int at = from + random.nextInt(Math.max(1, near - from));
            bytes[at] = switch (random.nextInt(4)) {
                case 0 -> 0;
                case 1 -> (byte) 0xff;
                case 2 -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
                default -> (byte) random.nextInt();
            };
        }
        return bytes;
    }

    /** Makes the checksum of an image right again, as far as there is a place for one. */
    private static void restamp(byte[] image, int from) {
        if (image.length - from < 128) {
            return;
        }
        ByteBuffer buffer = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        long end = buffer.getLong(from + META_AT) + buffer.getInt(from + META_BYTES_AT);
        if (end < CHECK_AT + 4 || end > image.length - from) {
            return;
        }
        CRC32C crc = new CRC32C();
        crc.update(image, from, STATE_AT);
        crc.update(image, from + ID_AT, READS_AT - ID_AT);
        crc.update(image, from + CONTENT_AT, CHECK_AT - CONTENT_AT);
        crc.update(image, from + CHECK_AT + 4, (int) end - CHECK_AT - 4);
        buffer.putInt(from + CHECK_AT, (int) crc.getValue());
    }

    private void readMutatedBlock(SplittableRandom random) throws IOException {
        Sample sample = samples.get(random.nextInt(samples.size()));
        int from = random.nextInt(10) == 0 ? 0 : HEADER_BYTES; // the block's own header now and then
        byte[] content = mutated(sample.content, from, random);
        if (random.nextBoolean()) {
            restamp(content, HEADER_BYTES);
        }
        Files.deleteIfExists(sample.file);
        Files.createFile(sample.file,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(sample.file, content);
        read(sample.token, random);
        Files.deleteIfExists(sample.file);
    }

    private void read(String token, SplittableRandom random) {
        int how = random.nextInt(3);
        attempt(() -> {
            switch (how) {
                case 0 -> Share.open(token, Object.class).close();
                case 1 -> Share.readPrivate(token, Object.class);
                default -> Share.read(token, Object.class);
            }
        });
    }
}
