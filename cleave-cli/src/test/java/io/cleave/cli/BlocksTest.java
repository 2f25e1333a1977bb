package io.cleave.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.memory.BlockKind;
import io.cleave.memory.Lifetime;
import io.cleave.memory.SharedMemory;
import io.cleave.objects.SharedHeap;
import io.cleave.share.Share;
import io.cleave.share.WriteOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The commands on blocks, each in a directory of its own, so that nobody else's blocks are seen or touched. */
final class BlocksTest {
    private Path directory;
    private Map<String, String> environment;

    /** Leaves an orphan and a persistent block behind, as a killed process does. */
    static final class Killed {
        private Killed() {
        }

        public static void main(String[] args) {
            SharedMemory orphan = SharedMemory.create("orphan", 5000);
            byte[] text = "what the dead left".getBytes(StandardCharsets.US_ASCII);
            MemorySegment.copy(MemorySegment.ofArray(text), 0, orphan.segment(), 0, text.length);
            SharedMemory.create("kept", 64, Lifetime.PERSISTENT);
            Runtime.getRuntime().halt(9);
        }
    }

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createTempDirectory(Path.of("/dev/shm"), "cleave-cli-test-");
        environment = Map.of("CLEAVE_DIR", directory.toString());
    }

    @AfterEach
    void removeDirectory() throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    private void leaveBlocks() throws IOException, InterruptedException {
        assertThat(Cli.java(environment, Killed.class)).returns(9, Cli.Result::code).returns("", Cli.Result::err);
    }

    @Test
    void anEmptyDirectoryHasNothingToListOrToClean() throws Exception {
        assertThat(Cli.process(environment, "ls").out()).isEqualTo("No blocks in " + directory + ".\n");
        assertThat(Cli.process(environment, "ls", "--json").out())
                .isEqualTo("{\"directory\":\"" + directory + "\",\"blocks\":[]}\n");
        assertThat(Cli.process(environment, "cleanup")).returns(0, Cli.Result::code)
                .returns("Removed 0 blocks, left 0 alone.\n", Cli.Result::out);
    }

    @Test
    void whatAKilledProcessLeftIsListedShownAndRemoved() throws Exception {
        leaveBlocks();
        assertThat(Cli.process(environment, "ls").lines())
                .anyMatch(line -> line.matches("  orphan +4\\.9 KiB +memory +orphan +0 +[-0-9]+ [:0-9]+ +[0-9]+"))
                .anyMatch(line -> line.matches("  kept +64 B +memory +persistent +0 +[-0-9]+ [:0-9]+ +[0-9]+"))
                .last().asString().startsWith("1 block is of no use to anybody");
        assertThat(Cli.process(environment, "inspect", "orphan", "--bytes", "20").out()).contains("5,000 bytes")
                .contains("orphan", "attached").contains("|what the dead le|").doesNotContain("process " + 0 + ":");

        assertThat(Cli.process(environment, "cleanup", "--dry-run").out())
                .isEqualTo("would remove orphan\nWould remove 1 block, left 1 alone.\n");
        assertThat(directory.resolve("cleave.orphan")).exists();
        assertThat(Cli.process(environment, "cleanup", "--json").out())
                .isEqualTo("{\"dry_run\":false,\"cleaned\":[\"orphan\"],\"failed\":[],\"skipped\":[\"kept\"]}\n");
        assertThat(directory.resolve("cleave.orphan")).doesNotExist();
        assertThat(Cli.process(environment, "cleanup", "--verbose").out()).contains("left     kept");
        assertThat(Cli.process(environment, "cleanup", "--quiet").out()).isEmpty();
    }

    @Test
    void aUsersOwnFilesWithNamesLikeBlocksStay() throws Exception {
        Path settings = directory.resolve("cleave.yaml");
        Files.createFile(settings, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(settings, "pool:\n  workers: 4\n");
        leaveBlocks();
        assertThat(Cli.process(environment, "cleanup", "--json").out())
                .isEqualTo(
                        "{\"dry_run\":false,\"cleaned\":[\"orphan\"],\"failed\":[],\"skipped\":[\"kept\",\"yaml\"]}\n");
        assertThat(settings).hasContent("pool:\n  workers: 4\n");
        assertThat(Cli.process(environment, "ls").lines()).anyMatch(line -> line.matches("  yaml +.* foreign +0.*"));
    }

    @Test
    void aLiveBlockIsShownWithItsUsers() {
        String name = "cli-test-" + ProcessHandle.current().pid();
        try (SharedMemory block = SharedMemory.create(name, 64)) {
            assertThat(block.byteSize()).isEqualTo(64);
            assertThat(Cli.run("inspect", name).out()).contains("live", "1 handle",
                    "process " + ProcessHandle.current().pid() + ": ");
            Cli.Result json = Cli.run("inspect", name, "--json", "--bytes", "4");
            assertThat(json.code()).isZero();
            assertThat(json.lines()).singleElement().asString()
                    .startsWith("{\"name\":\"" + name + "\",\"bytes\":64,\"kind\":\"memory\",\"lifetime\":\"attached\","
                            + "\"state\":\"live\",\"attached\":1,")
                    .contains("\"processes\":[{\"pid\":" + ProcessHandle.current().pid() + ",")
                    .endsWith("\"head\":\"00000000\"}");
            assertThat(Cli.run("ls", "--json").out()).contains("\"name\":\"" + name + "\"");
        }
    }

    @Test
    void aSharedValueIsShownWithWhatItIs() {
        String token = Share.write(new float[5000], WriteOptions.defaults().withThreshold(0).withReads(3));
        try {
            String name = SharedMemory.list().stream()
                    .filter(info -> info.kind() == BlockKind.VALUE
                            && info.creatorPid() == ProcessHandle.current().pid())
                    .findFirst().orElseThrow().name();
            assertThat(Cli.run("inspect", name).out()).contains("live, 19.7 KiB, not encoded, 3 reads left");
            assertThat(Cli.run("inspect", name, "--json").out()).contains(
                    "\"value\":{\"state\":\"live\",\"codec\":\"\",\"bytes\":20192,\"parts\":1,\"reads_left\":3}");
            assertThat(Cli.run("ls").lines()).anyMatch(line -> line.contains(name) && line.contains(" value "));
        } finally {
            Share.free(token);
            Share.trim();
        }
    }

    @Test
    void aHeapIsShownWithItsNamesAndVerified() {
        String name = "cli-test-" + ProcessHandle.current().pid();
        try (SharedHeap heap = SharedHeap.create(name, 1L << 30)) {
            heap.raw("header", 100);
            assertThat(Cli.run("inspect", name).out()).contains("heap", "1 name", "may grow to 1.0 GiB", "raw bytes");
            Cli.Result verified = Cli.run("inspect", "--verify", name);
            assertThat(verified.code()).isZero();
            assertThat(verified.out()).contains("Sound: ");
            assertThat(Cli.run("inspect", "--verify", "--json", name).out())
                    .contains("\"roots\":[{\"name\":\"header\",\"kind\":\"raw\"", "\"sound\":true");
            assertThat(Cli.run("ls").lines()).anyMatch(line -> line.contains(name) && !line.contains("1.0 GiB"));
        }
    }

    @Test
    void aBlockThatIsNotThereIsAFailure() {
        Cli.Result result = Cli.run("inspect", "no-such-block");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("cleave inspect: no block \"no-such-block\"").doesNotContain("\tat ");
    }

    @Test
    void bytesAreDumpedInRowsOfSixteen() {
        byte[] bytes = "0123456789abcdef\u0000~\u007f".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(Blocks.hexDump(bytes)).containsExactly(
                "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|",
                "00000010  00 7e 7f                                          |.~.|");
        assertThat(Blocks.hexDump(new byte[0])).isEmpty();
    }
}
