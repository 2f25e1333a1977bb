package io.cleave.bench.live;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The same as an ordinary object, which one thread has. */
final class PlainCompany {
    int employees = 1;
    double revenue;
    long visits;
    String name = "Acme";
    String motto = "";
    final PlainCompany.Address address = new Address();
    final Map<String, Integer> counts = new HashMap<>();
    final List<Long> sales = new ArrayList<>();

    /** An object in the object. */
    static final class Address {
        int zip;
    }

    double perHead() {
        return revenue / employees;
    }
}
