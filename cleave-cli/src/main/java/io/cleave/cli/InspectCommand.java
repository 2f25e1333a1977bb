package io.cleave.cli;

import io.cleave.BlockNotFoundException;
import io.cleave.memory.BlockInfo;
import io.cleave.memory.BlockKind;
import io.cleave.memory.SharedMemory;
import io.cleave.objects.HeapInfo;
import io.cleave.objects.HeapVerification;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows one shared block: what its header says, who uses it, and its first bytes. It does not attach to it. */
@Command(name = "inspect", description = "Show one block of shared memory: its header, who uses it, its first bytes.")
final class InspectCommand extends CleaveCommand {
    private static final int LONGEST = 1 << 20;

    @Parameters(paramLabel = "NAME", description = "The block's name, as `cleave ls` shows it.")
    private String name = "";

    @Option(names = "--bytes", paramLabel = "N", defaultValue = "128",
            description = "How many bytes to show. Default: ${DEFAULT-VALUE}.")
    private int bytes;

    @Option(names = "--verify", description = "Of a heap, walk everything and account for every byte. Exit 1 where "
            + "something is wrong.")
    private boolean verify;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        atLeast(0, "--bytes", bytes);
        if (bytes > LONGEST) {
            throw usage("--bytes must be at most " + LONGEST + ", not " + bytes);
        }
        BlockInfo block = SharedMemory.list().stream().filter(info -> info.name().equals(name)).findFirst()
                .orElseThrow(() -> new BlockNotFoundException(
                        "no block \"" + name + "\" in " + Blocks.directory() + "; `cleave ls` lists all"));
        if (verify && block.kind() != BlockKind.HEAP) {
            throw usage("--verify is for heaps; \"" + name + "\" is of kind " + Blocks.word(block.kind()));
        }
        List<Blocks.User> users = Blocks.users(block);
        // What is another user's, or no regular file, is not touched.
        byte[] head = block.state() == BlockInfo.State.FOREIGN ? new byte[0] : Blocks.head(block, bytes);
        HeapVerification found = verify ? HeapInfo.verify(name) : null;
        if (json) {
            List<JsonObject> processes = users.stream()
                    .map(user -> new JsonObject().put("pid", user.pid()).put("command", user.command())).toList();
            out().println(Blocks.json(block).put("file", Blocks.file(block).toString()).put("processes", processes)
                    .put("value", Blocks.value(block).map(Blocks::json).orElse(null))
                    .put("heap", Blocks.heap(block).map(Blocks::json).orElse(null))
                    .put("verification", found == null ? null : Blocks.json(found))
                    .put("head", HexFormat.of().formatHex(head)));
        } else {
            print(block, users, head);
            if (found != null) {
                print(found);
            }
        }
        return found == null || found.isSound() ? DONE : FAILED;
    }

    private void print(BlockInfo block, List<Blocks.User> users, byte[] head) throws IOException {
        Table table = new Table(style()).left("").left("");
        table.row("name", block.name()).row("file", Blocks.file(block).toString());
        table.row("size", Units.bytes(block.byteSize()) + " (" + Units.count(block.byteSize(), "byte", "bytes") + ")");
        table.row("kind", Blocks.word(block.kind())).row("state", Blocks.word(block.state()));
        if (Blocks.hasHeader(block)) {
            table.row("lifetime", Blocks.word(block.lifetime())).row("created", Blocks.time(block.created()));
            table.row("creator", "process " + block.creatorPid() + ", " + Blocks.word(block.creator()));
        }
        Blocks.value(block).ifPresent(value -> table.row("value", Blocks.text(value)));
        Optional<HeapInfo> heap = Blocks.heap(block);
        heap.ifPresent(known -> table.row("heap", Blocks.text(known)));
        table.row("attached", Units.count(block.attached(), "handle", "handles"));
        for (Blocks.User user : users) {
            table.row("", "process " + user.pid() + ": " + user.command());
        }
        if (!block.note().isEmpty()) {
            table.row("note", block.note());
        }
        table.lines().forEach(out()::println);
        heap.ifPresent(this::print);
        if (head.length > 0) {
            out().println();
            Blocks.hexDump(head).forEach(line -> out().println("  " + line));
        }
    }

    private void print(HeapInfo heap) {
        if (heap.roots().isEmpty()) {
            return;
        }
        out().println();
        Table table = new Table(style()).left("name").left("kind").left("type").right("size");
        for (HeapInfo.Named root : heap.roots()) {
            table.row(root.name(), root.kind(), root.description(), root.size() < 0 ? "" : Units.count(root.size()));
        }
        table.lines().forEach(out()::println);
    }

    private void print(HeapVerification found) {
        out().println();
        out().println((found.isSound() ? "Sound: " : "NOT SOUND: ") + Units.count(found.usedBytes(), "byte", "bytes")
                + " in use, " + Units.count(found.freeBytes()) + " free and " + Units.count(found.wasteBytes())
                + " left over are of " + Units.count(found.committedBytes()) + " in all.");
        found.faults().forEach(fault -> out().println("  " + fault));
    }
}
