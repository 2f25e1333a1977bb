package io.cleave.fission;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cleave.os.Unistd;
import io.cleave.testing.ChildJvm;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What children share with their parent and their siblings, and what they do not. */
final class FissionIsolationTest {
    private static final List<String> GENERATORS = List.of("SplittableRandom", "L32X64MixRandom", "L64X128MixRandom",
            "L64X128StarStarRandom", "L64X256MixRandom", "L64X1024MixRandom", "L128X128MixRandom", "L128X256MixRandom",
            "L128X1024MixRandom", "Xoroshiro128PlusPlus", "Xoshiro256PlusPlus");

    private static int written;

    private static Fission isolated(int children) {
        return Fission.builder().warmUp(0).children(children).build();
    }

    @Test
    void itemsAreComputedInOtherProcesses() {
        int parent = Unistd.getpid();
        try (Fission fission = isolated(2)) {
            assertThat(fission.map(List.of(1, 2, 3), x -> Unistd.getpid())).doesNotContain(parent);
        }
    }

    @Test
    void aChildReadsWhatNoSerializerCouldCarry() {
        Map<Object, Thread> state = new HashMap<>(Map.of("thread", Thread.currentThread()));
        try (Fission fission = isolated(2)) {
            assertThat(fission.map(List.of("thread", "other"),
                    key -> state.containsKey(key) ? state.get(key).getName() : "none"))
                    .containsExactly(Thread.currentThread().getName(), "none");
        }
    }

    @Test
    void aChildsWritesAreInvisibleToParentAndSiblings() {
        written = 1;
        List<Integer> heap = new ArrayList<>(List.of(1));
        List<Integer> items = IntStream.range(0, 40).boxed().toList();
        try (Fission fission = isolated(3)) {
            // Each child counts its own items only: 1, 2, 3 and so on.
            List<List<Integer>> results = fission.map(items, x -> {
                written++;
                heap.add(x);
                return List.of(Unistd.getpid(), written, heap.size());
            });
            Map<Integer, Integer> counted = new HashMap<>(Map.of());
            for (List<Integer> result : results) {
                int count = counted.merge(result.get(0), 1, Integer::sum);
                assertThat(result.get(1)).isEqualTo(1 + count);
                assertThat(result.get(2)).isEqualTo(1 + count);
            }
        }
        assertThat(written).isEqualTo(1);
        assertThat(heap).containsExactly(1);
    }

    @Test
    void whatTheParentWritesBetweenTwoRunsIsSeenByTheSecond() {
        int[] value = {1};
        try (Fission fission = isolated(2)) {
            assertThat(fission.map(List.of(1), x -> value[0])).containsExactly(1);
            value[0] = 2;
            assertThat(fission.map(List.of(1), x -> value[0])).containsExactly(2);
        }
    }

    private static <T> Set<T> ofSeveralChildren(Supplier<T> random) {
        Set<T> results = new HashSet<>();
        results.add(random.get()); // in use before the fork
        try (Fission fission = isolated(1)) {
            for (int run = 0; run < 4; run++) { // nothing changes in the parent between the forks
                results.addAll(fission.map(List.of(1, 2), x -> random.get()));
            }
        }
        results.add(random.get());
        return results;
    }

    @Test
    void randomNumbersDifferBetweenChildrenAndParent() {
        SecureRandom made = new SecureRandom();
        assertThat(ofSeveralChildren(() -> ThreadLocalRandom.current().nextLong())).hasSize(10);
        assertThat(ofSeveralChildren(() -> new SecureRandom().nextLong())).hasSize(10);
        assertThat(ofSeveralChildren(made::nextLong)).hasSize(10);
        assertThat(ofSeveralChildren(UUID::randomUUID)).hasSize(10);
    }

    /** Numbers from generators that the JDK keeps for itself, or makes anew with seeds from a counter that it keeps. */
    private static Map<String, Object> numbersOfTheJdksOwn() throws NoSuchAlgorithmException {
        Map<String, Object> numbers = new HashMap<>();
        numbers.put("Math", Math.random());
        numbers.put("StrictMath", StrictMath.random());
        numbers.put("new Random", new Random().nextLong());
        numbers.put("default", RandomGenerator.getDefault().nextLong());
        List<Integer> shuffled = new ArrayList<>(IntStream.range(0, 50).boxed().toList());
        Collections.shuffle(shuffled);
        numbers.put("shuffle", shuffled);
        for (String algorithm : GENERATORS) {
            numbers.put(algorithm, RandomGenerator.of(algorithm).nextLong());
        }
        for (String algorithm : List.of("SHA1PRNG", "DRBG", "NativePRNGNonBlocking")) {
            numbers.put(algorithm, SecureRandom.getInstance(algorithm).nextLong());
        }
        return numbers;
    }

    @Test
    void generatorsThatTheJdkKeepsGoOnDifferentlyInEachChild() throws NoSuchAlgorithmException {
        List<Map<String, Object>> all = new ArrayList<>();
        all.add(numbersOfTheJdksOwn()); // in use before the forks
        try (Fission fission = isolated(2)) {
            for (int run = 0; run < 3; run++) {
                all.addAll(fission.map(List.of(1, 2), x -> numbersOfTheJdksOwn()));
            }
        }
        all.add(numbersOfTheJdksOwn());
        for (String kind : all.getFirst().keySet()) {
            assertThat(all).as(kind).map(numbers -> numbers.get(kind)).doesNotHaveDuplicates();
        }
    }

    @Test
    void aPipeOfTheParentIsClosedInAChildAndGoesOnInTheParent() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel sink = pipe.sink();
                Pipe.SourceChannel source = pipe.source();
                Fission fission = isolated(1)) {
            assertThatThrownBy(() -> fission.map(List.of(1), x -> sink.write(ByteBuffer.allocate(1))))
                    .isInstanceOf(IOException.class).hasMessageContaining("Bad file descriptor");
            assertThatThrownBy(() -> fission.map(List.of(1), x -> source.read(ByteBuffer.allocate(1))))
                    .isInstanceOf(IOException.class).hasMessageContaining("Bad file descriptor");
            sink.write(ByteBuffer.wrap(new byte[] {42}));
            ByteBuffer received = ByteBuffer.allocate(10);
            assertThat(source.read(received)).isEqualTo(1);
            assertThat(received.get(0)).isEqualTo((byte) 42);
        }
    }

    @Test
    void aConnectionOfTheParentIsClosedInAChildAndGoesOnInTheParent() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SocketChannel client = SocketChannel.open(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));
                Socket accepted = server.accept();
                Fission fission = isolated(1)) {
            OutputStream out = accepted.getOutputStream();
            assertThatThrownBy(() -> fission.map(List.of(1), x -> client.write(ByteBuffer.allocate(1))))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> fission.map(List.of(1), x -> {
                out.write(1);
                return x;
            })).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> fission.map(List.of(1), x -> server.accept().getPort()))
                    .isInstanceOf(IOException.class);
            out.write(42);
            ByteBuffer received = ByteBuffer.allocate(10);
            assertThat(client.read(received)).isEqualTo(1);
            assertThat(received.get(0)).isEqualTo((byte) 42);
        }
    }

    @Test
    void theOtherEndOfAPipeSeesItsEndThoughChildrenLive() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source();
                Fission fission = Fission.builder().warmUp(0).children(2).build();
                var results = fission.imap(() -> IntStream.iterate(0, x -> x + 1).iterator(), x -> x)) {
            assertThat(results.iterator().next()).isZero();
            pipe.sink().close();
            assertThat(source.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    void readingAFileInChildrenDoesNotMoveTheParentsPosition(@TempDir Path directory) throws IOException {
        Path path = Files.write(directory.resolve("file"), new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw"); Fission fission = isolated(3)) {
            file.seek(3);
            // A child begins where the parent stood, and goes on by itself.
            Map<Integer, Integer> next = new HashMap<>();
            for (List<Integer> result : fission.map(List.of(1, 2, 3, 4, 5),
                    x -> List.of(Unistd.getpid(), file.read()))) {
                int expected = next.merge(result.get(0), 1, Integer::sum) + 2;
                assertThat(result.get(1)).isEqualTo(expected);
            }
            assertThat(file.getFilePointer()).isEqualTo(3);
            assertThat(file.read()).isEqualTo(3);
        }
    }

    @Test
    void aFileThatIsOnlyWrittenKeepsOnePositionForAll(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("log");
        try (OutputStream log = Files.newOutputStream(path, StandardOpenOption.CREATE); Fission fission = isolated(3)) {
            log.write("parent\n".getBytes(UTF_8));
            fission.map(List.of(1, 2, 3, 4, 5), x -> {
                log.write(("line " + x + "\n").getBytes(UTF_8));
                return x;
            });
            log.write("parent again\n".getBytes(UTF_8));
        }
        assertThat(Files.readAllLines(path)).startsWith("parent").endsWith("parent again")
                .containsOnlyOnce("line 1", "line 2", "line 3", "line 4", "line 5").hasSize(7);
    }

    @Test
    void childrenLoadClassesFromOneJarAtOnce(@TempDir Path directory) throws Exception {
        int classes = 60;
        Path jar = directory.resolve("generated.jar");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
            for (int i = 0; i < classes; i++) {
                zip.putNextEntry(new ZipEntry("generated/C" + i + ".class"));
                zip.write(classThatReturns(i));
            }
        }
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
                Fission fission = isolated(4)) {
            assertThat(valueFrom(loader, 0)).isZero(); // the jar is open, and its position is somewhere
            List<Integer> items = IntStream.range(0, classes).boxed().toList();
            assertThat(fission.map(items, i -> valueFrom(loader, i))).isEqualTo(items);
        }
    }

    private static byte[] classThatReturns(int value) {
        return ClassFile.of().build(ClassDesc.of("generated.C" + value),
                type -> type.withMethodBody("value", MethodTypeDesc.of(ConstantDescs.CD_int),
                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC, code -> code.loadConstant(value).ireturn())
                        .withFlags(ClassFile.ACC_PUBLIC));
    }

    private static int valueFrom(ClassLoader loader, int i) throws ReflectiveOperationException {
        Method value = loader.loadClass("generated.C" + i).getMethod("value");
        return (int) value.invoke(null);
    }

    @Test
    void aChildTakesNoPartInItsParentsStreams() {
        try (Fission fission = isolated(1)) {
            Stream<Integer> outer = fission.imap(List.of(1, 2, 3), x -> x);
            Iterator<Integer> each = outer.iterator();
            assertThat(each.next()).isEqualTo(1);
            assertThatThrownBy(() -> fission.map(List.of(1), x -> each.next())).isInstanceOf(
                    IllegalStateException.class).hasMessageContaining("parent");
            assertThat(fission.map(List.of(1), x -> {
                outer.close();
                return x;
            })).containsExactly(1);
            assertThat(each.next()).isEqualTo(2);
            assertThat(each.next()).isEqualTo(3);
            assertThat(each.hasNext()).isFalse();
        }
    }

    /** Prints through a stream of its own that keeps what is printed, in the parent and in children. Arguments: a file. */
    static final class Prints {
        public static void main(String[] arguments) throws IOException {
            PrintStream kept = new PrintStream(new BufferedOutputStream(
                    new FileOutputStream(arguments[0], true), 1 << 16), false, UTF_8);
            System.setOut(kept);
            System.out.println("parent");
            try (Fission fission = Fission.builder().warmUp(0).children(2).build()) {
                fission.map(List.of(1, 2, 3, 4), x -> {
                    System.out.println("item " + x);
                    return x;
                });
                fission.map(List.of(5), x -> {
                    System.out.println("item " + x);
                    throw new IllegalStateException("last words");
                });
            } catch (IllegalStateException e) {
                System.out.println("thrown " + e.getMessage());
            }
            kept.close();
        }
    }

    @Test
    void whatAChildPrintsIsWrittenOnceThoughAStreamOfTheProgramsKeepsIt(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("printed");
        try (ChildJvm jvm = ChildJvm.start(Prints.class, file.toString())) {
            assertThat(jvm.awaitExit()).as(jvm.toString()).isZero();
        }
        assertThat(Files.readAllLines(file)).containsExactlyInAnyOrder("parent", "item 1", "item 2", "item 3", "item 4",
                "item 5", "thrown last words");
    }

    /** Lets a child call System.exit, while a hook waits for the parent's own end. */
    static final class Exits {
        public static void main(String[] arguments) {
            Runtime.getRuntime().addShutdownHook(
                    new Thread(() -> System.out.println("hook in " + ProcessHandle.current().pid() + Unistd.getpid())));
            try (Fission fission = Fission.builder().warmUp(0).build()) {
                fission.map(List.of(1), x -> {
                    System.exit(3);
                    return x;
                });
            } catch (RuntimeException e) {
                System.out.println("thrown " + e.getMessage());
            }
            System.out.println("main " + Unistd.getpid());
        }
    }

    @Test
    void systemExitInAChildRunsNoShutdownHookOfTheParent() throws InterruptedException {
        try (ChildJvm jvm = ChildJvm.start(Exits.class)) {
            assertThat(jvm.awaitLine("thrown ")).contains("System.exit", "at item 0");
            String pid = jvm.awaitLine("main ");
            assertThat(jvm.awaitExit()).isZero();
            assertThat(jvm.lines()).filteredOn(line -> line.startsWith("hook in "))
                    .containsExactly("hook in " + pid + pid);
        }
    }
}
