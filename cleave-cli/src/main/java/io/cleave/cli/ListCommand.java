package io.cleave.cli;

import io.cleave.memory.BlockInfo;
import io.cleave.memory.SharedMemory;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists the shared blocks of this machine. */
@Command(name = "ls",
        description = "List the blocks of shared memory: size, who made them, whether somebody uses them.")
final class ListCommand extends CleaveCommand {
    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        List<BlockInfo> blocks = SharedMemory.list();
        if (json) {
            out().println(new JsonObject().put("directory", Blocks.directory().toString()).put("blocks",
                    blocks.stream().map(block -> Blocks.json(block).put("heap",
                            Blocks.heap(block).map(Blocks::json).orElse(null))).toList()));
            return DONE;
        }
        if (blocks.isEmpty()) {
            out().println("No blocks in " + Blocks.directory() + ".");
            return DONE;
        }
        Table table = new Table(style()).left("name").right("size").left("kind").left("state").right("attached")
                .left("created").right("creator");
        for (BlockInfo block : blocks) {
            boolean known = Blocks.hasHeader(block);
            // What a heap takes, not what it may grow to.
            long size = Blocks.heap(block).map(heap -> heap.statistics().reservedBytes()).orElse(block.byteSize());
            table.row(block.name(), Units.bytes(size), Blocks.word(block.kind()),
                    Blocks.word(block.state()), Units.count(block.attached()),
                    known ? Blocks.time(block.created()) : "", known ? Long.toString(block.creatorPid()) : "");
        }
        table.lines().forEach(out()::println);
        long removable = blocks.stream().filter(ListCommand::isRemovable).count();
        if (removable > 0) {
            out().println();
            out().println(Units.count(removable, "block is", "blocks are")
                    + " of no use to anybody: `cleave cleanup` removes what killed processes left.");
        }
        return DONE;
    }

    private static boolean isRemovable(BlockInfo block) {
        return block.attached() == 0
                && (block.state() == BlockInfo.State.ORPHAN || block.state() == BlockInfo.State.DAMAGED);
    }
}
