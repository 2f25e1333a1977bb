package io.cleave.share;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.management.BadAttributeValueExpException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

final class JavaCodecTest extends CodecContract {
    @Override
    Codec codec() {
        return Codec.java();
    }

    @Override
    String name() {
        return "java";
    }

    private static byte[] serialised(Object value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        return bytes.toByteArray();
    }

    @Test
    void classesKnownToBeAbusedAreNotDecodedWhereverTheyAre() throws Exception {
        Object abused = new BadAttributeValueExpException("x");
        for (Object value : List.of(abused, new ObjectName("a:b=c"), List.of(1, abused), new Object[] {abused},
                new ObjectName[0], new ObjectName[1][1])) {
            byte[] bytes = serialised(value);
            assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length)).isInstanceOf(InvalidClassException.class)
                    .hasMessageContaining("known to be abused");
        }
    }

    @Test
    void aDamagedLengthDoesNotMakeAnArrayThatTheBytesCannotFill() throws IOException {
        for (Object value : List.of(new byte[] {1, 2, 3}, new Object[] {1, 2, 3}, List.of(1, 2, 3),
                new ArrayList<>(List.of(1, 2, 3)))) {
            byte[] bytes = codec().encode(value);
            for (int at = 0; at + 4 <= bytes.length; at++) {
                if (ByteBuffer.wrap(bytes).getInt(at) == 3) {
                    ByteBuffer.wrap(bytes).putInt(at, 1 << 30);
                }
            }
            assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length)).isInstanceOf(InvalidClassException.class)
                    .hasMessageContaining("does not fit");
        }
    }

    @Test
    void collectionsWithMoreRoomThanElementsAreDecoded() throws IOException {
        Map<Integer, String> roomy = new HashMap<>(1 << 16, 0.01f);
        Set<Integer> sparse = new HashSet<>(1 << 16, 0.25f);
        for (int i = 0; i < 100; i++) {
            roomy.put(i, "x");
            sparse.add(i);
        }
        for (Object value : List.of(roomy, sparse, new ArrayList<>(Collections.nCopies(10_000, null)),
                new byte[100_000],
                new Object[100_000], new ArrayDeque<>(List.of(1)), new PriorityQueue<>(List.of(1)),
                new ConcurrentHashMap<>(Map.of(1, 1)))) {
            byte[] bytes = codec().encode(value);
            assertThat(codec().decode(bytes, 0, bytes.length)).hasSameClassAs(value);
        }
    }

    record Unserializable(int x) {}

    @Test
    void whatIsNotSerializableIsRefusedByName() {
        assertThatThrownBy(() -> codec().encode(new Unserializable(1))).isInstanceOf(NotSerializableException.class)
                .hasMessageContaining("Unserializable");
    }

    /** A function that can be serialised. */
    interface Text extends Supplier<String>, Serializable {}

    @Test
    void aSerializableLambdaComesBackAsAFunction() throws IOException {
        String captured = "captured";
        Text lambda = () -> captured + "!";
        assertThat(((Text) copy(lambda)).get()).isEqualTo("captured!");
    }

    @Test
    void theHelpfulMessageOfANullPointerExceptionIsKept() throws IOException {
        NullPointerException thrown = nullPointerException();
        NullPointerException copy = (NullPointerException) copy(thrown);
        assertThat(copy).hasMessage(thrown.getMessage()).hasMessageContaining("Cannot invoke")
                .hasMessageContaining("is null").hasRootCauseMessage("below");
        assertThat(copy.getStackTrace()).isEqualTo(thrown.getStackTrace());
        assertThat(copy.getSuppressed()).extracting(Throwable::getMessage).containsExactly("aside");
    }

    private static NullPointerException nullPointerException() {
        List<String> holder = new ArrayList<>();
        holder.add(null);
        try {
            throw new AssertionError(holder.get(0).length());
        } catch (NullPointerException e) {
            e.addSuppressed(new IOException("aside"));
            e.initCause(new IOException("below"));
            return e;
        }
    }

    @Test
    void aClassThatNobodyHasIsNamed() throws Exception {
        byte[] encoded = codec().encode(new Point(1, 2));
        String known = Point.class.getName();
        String unknown = known.substring(0, known.length() - 1) + "x";
        byte[] bytes = new String(encoded, ISO_8859_1).replace(known, unknown).getBytes(ISO_8859_1);
        assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length)).isInstanceOf(IOException.class)
                .hasMessageContaining(unknown);
    }

    @Test
    void whatFollowsATakenArrayMustFitIntoTheBytesNevertheless() throws IOException {
        int[] part = new int[5000];
        byte[] bytes = codec().encode(new Object[] {part, new byte[] {1, 2, 3}},
                each -> each instanceof int[] ? 0 : -1);
        for (int at = 0; at + 4 <= bytes.length; at++) {
            if (ByteBuffer.wrap(bytes).getInt(at) == 3) {
                ByteBuffer.wrap(bytes).putInt(at, part.length);
            }
        }
        assertThatThrownBy(() -> codec().decode(bytes, 0, bytes.length, _ -> part))
                .isInstanceOf(InvalidClassException.class).hasMessageContaining("does not fit");
    }

    @Test
    void anExceptionInAValueIsNotTakenForTheOneThatEndsIt() throws IOException {
        List<Object> value = new ArrayList<>(
                List.of(new NotSerializableException("x"), new Point(1, 2), new HashMap<>(Map.of("a", 1))));
        assertThat(((List<?>) copy(value)).subList(1, 3)).isEqualTo(value.subList(1, 3));
        value.add(new Unserializable(1));
        assertThatThrownBy(() -> codec().encode(value)).isInstanceOf(NotSerializableException.class)
                .hasMessageContaining("ArrayList[3] is a ");
    }
}
