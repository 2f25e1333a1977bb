package io.cleave.bench.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.WorkerDiedException;
import io.cleave.bench.pool.Ledger.Entry;
import io.cleave.bench.pool.Order.Answer;
import io.cleave.bench.pool.Order.Kind;
import io.cleave.bench.pool.Order.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the torture would notice. */
final class LedgerTest {
    @TempDir
    Path directory;

    private Beginnings beginnings;
    private Ledger ledger;
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void open() {
        beginnings = Beginnings.open(directory.resolve("begun"));
        ledger = new Ledger(beginnings, told::add);
    }

    private Order order(Kind kind) {
        return new Order(ledger.open(1), kind, 5, 0, Order.content(5, 100), 7);
    }

    private static Answer answer(Order order) {
        CRC32C sum = new CRC32C();
        sum.update(order.bytes());
        return new Answer(order.slot(), sum.getValue(), Order.content(~order.seed(), order.wanted()));
    }

    private void failed(Order order, Throwable thrown) {
        ledger.failed(List.of(order), 0, thrown, false, false);
    }

    @Test
    void eachTaskThatEndsAsItShouldIsCounted() {
        Order plain = order(Kind.PLAIN);
        beginnings.begin(plain.slot());
        ledger.answered(plain, answer(plain));
        Order throwing = order(Kind.THROWING);
        failed(throwing, new ExecutionException(new Refusal(throwing.slot())));
        failed(order(Kind.PLAIN), new WorkerDiedException("killed"));
        ledger.failed(List.of(order(Kind.SLOW)), 0, new CancellationException(), true, false);
        ledger.checkAll();
        assertThat(List.of(Entry.TASKS, Entry.RESULTS, Entry.THROWN, Entry.DIED, Entry.CANCELLED))
                .extracting(ledger::count).containsExactly(4L, 1L, 1L, 1L, 1L);
        assertThat(List.of(Entry.WRONG, Entry.LOST, Entry.DOUBLED)).extracting(ledger::count)
                .containsOnly(0L);
    }

    @Test
    void aTaskThatBeginsTwiceIsDoubled() {
        Order twice = order(Kind.PLAIN);
        beginnings.begin(twice.slot());
        beginnings.begin(twice.slot());
        ledger.answered(twice, answer(twice));
        assertThat(ledger.count(Entry.DOUBLED)).isEqualTo(1);
    }

    @Test
    void aTaskThatBeginsAgainAfterItsResultIsDoubled() {
        Order again = order(Kind.PLAIN);
        beginnings.begin(again.slot());
        ledger.answered(again, answer(again));
        ledger.checkAll();
        assertThat(ledger.count(Entry.DOUBLED)).isZero();
        beginnings.begin(again.slot());
        ledger.checkAll();
        assertThat(ledger.count(Entry.DOUBLED)).isEqualTo(1);
    }

    @Test
    void aResultThatCannotBeIsWrong() {
        Order neverBegan = order(Kind.PLAIN);
        ledger.answered(neverBegan, answer(neverBegan));
        Order mixedUp = order(Kind.PLAIN);
        beginnings.begin(mixedUp.slot());
        ledger.answered(mixedUp, answer(neverBegan));
        Order nothing = order(Kind.PLAIN);
        beginnings.begin(nothing.slot());
        ledger.answered(nothing, null);
        Order throwing = order(Kind.THROWING);
        beginnings.begin(throwing.slot());
        ledger.answered(throwing, answer(throwing));
        assertThat(ledger.count(Entry.WRONG)).isEqualTo(4);
    }

    @Test
    void anErrorThatNobodyAskedForIsWrong() {
        failed(order(Kind.PLAIN), new CancellationException("nobody did"));
        failed(order(Kind.PLAIN), new IllegalStateException("not closed"));
        failed(order(Kind.PLAIN), new Refusal(0));
        assertThat(ledger.count(Entry.WRONG)).isEqualTo(3);
    }

    @Test
    void aTaskWithoutAnEndIsLost() {
        order(Kind.PLAIN);
        ledger.checkAll();
        assertThat(ledger.count(Entry.LOST)).isEqualTo(1);
        assertThat(told).containsExactly("1 tasks more than ends");
    }
}
