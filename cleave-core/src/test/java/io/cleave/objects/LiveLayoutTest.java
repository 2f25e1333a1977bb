package io.cleave.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.cleave.heap.Heap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a live object has in a heap is part of the format. */
class LiveLayoutTest {
    @Test
    void theHeaderHasItsWordsWhereOthersLookForThem() {
        assertThat(ObjectLayout.VERSION).isEqualTo(24);
        assertThat(ObjectLayout.FIELDS).isEqualTo(32);
        assertThat(ObjectLayout.CAPACITY).isEqualTo(40);
        assertThat(ObjectLayout.SCHEMA).isEqualTo(48);
        assertThat(ObjectLayout.PRINT).isEqualTo(56);
        assertThat(ObjectLayout.MORE_HOLDERS).isEqualTo(64);
        assertThat(ObjectLayout.FIRST_HOLDER).isEqualTo(72);
        assertThat(ObjectLayout.FIRST_HOLDER + ObjectLayout.HOLDERS * 8L).isEqualTo(ObjectLayout.OWN_END)
                .isEqualTo(RootLayout.NEXT_IN_HEADER);
        assertThat(ObjectLayout.LOCK).isEqualTo(248).isLessThan(Heap.HEADER_BYTES);
        assertThat(ObjectLayout.HOLDER_BLOCK_BYTES).isEqualTo(256);
        assertThat(RootKind.OBJECT.number()).isEqualTo(24);
    }

    @Test
    void theFieldsAreWordsAndThenAByteEach() {
        assertThat(ObjectLayout.slotAt(4096, 3)).isEqualTo(4096 + 24);
        assertThat(ObjectLayout.fieldsBytes(8)).isEqualTo(72);
        assertThat(ObjectLayout.fieldsBytes(9)).isEqualTo(88);
        assertThat(ObjectLayout.kindsAt(4096, 9, 7)).isEqualTo(4096 + 72);
        assertThat(ObjectLayout.kindsAt(4096, 9, 8)).isEqualTo(4096 + 80);
        assertThat(ObjectLayout.withKind(0x01, 1, ObjectLayout.STRUCTURE)).isEqualTo(0x0201);
    }

    @Test
    void theSchemaNamesAllFieldsInTheOrderOfTheirNames() {
        Class<?> type = LiveVersions.define("example.Account", Map.of("owner", String.class, "cents", long.class));
        assertThat(LiveInterface.of(type).schema().text())
                .isEqualTo("object example.Account(long cents, java.lang.String owner)");
        assertThat(LiveInterface.of(LiveObjectTest.Company.class).schema().text().lines()).hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("list of java.lang.String notes",
                        "map of java.lang.String to list of object io.cleave.objects.LiveObjectTest$Address sites"));
    }
}
