package io.cleave.os;

/**
 * The machine code of {@link SigbusGuard}, for x86-64: {@code src/main/native/sigbusguard.c} as {@code scripts/machine-code}
 * has made it. It has no relocations, so it runs wherever it lies, and is mapped for reading and running only.
 */
final class SigbusGuardCode {
    /** The version of gcc that made it. */
    static final String COMPILER = "12.2.0";
    /** Where the signal's handler begins. */
    static final int SIGBUS = 2058;
    /** Where a handler returns to. */
    static final int RESTORER = 2340;
    /** Where its state lies, behind the code. */
    static final int STATE = 8192;
    /** The code. */
    static final String BASE64 = """
            SIn+QboIAAAARTHARTHJuA4AAABIg8//MdIPBUiD+PIPlcAPtsDDSIs16h8AADHSSDnyfTFIidBIweAFSAMFzR8AAEiLSAhMjUAI
            SDnPcgVI/8Lr20yLCEw5z3LzTYsASTnIdevDMcDDgf+4AAAAD4TPAAAAd2KB/68AAAAPhAoBAAB3OYP/LXcWg/8rD4bXAAAAg/oB
            x0EEAQAAABnAw7gBAAAAg/9wD4QQAQAAg8j/gf+fAAAAD4a3AAAAw4H/sQAAAA+GkgAAAIHvtgAAAIPI/4P/AXZjw4H/wQAAAA+E
            gAAAAHcigf+9AAAAdw6B/7sAAAAPhsAAAADrR4PI/4H/wAAAAHUzw4H/wwAAAHR8uAEAAAAPhqIAAACJ+oPi/YH6xAAAAA+EkQAA
            AIHv0AAAAIPI/4P/Lut0x0EEAQAAAOshhdLHQQQBAAAAD5XCMcCF9g+UwCHQ/8jDx0EEAwAAAOso994ZwMONR/CD+Ad2G+sRg/9z
            dxeD/093NYP/P3Yj6wiDyP+D/yd2MTHAw0i4Bw8A8P8PAACNT4xI0+ioAXXp6xWD7y6DyP+D/wF3Devag+9Rg/8edtKDyP/Dg/oB
            GcCD4AKDwAKD/z93CcHnHYn4wfgfw4H/igAAAA+E6QAAAHdqgf+BAAAAD4RNAQAAdyyD/2kPhOkAAAB3DYP/Yw+EuwAAAIPI/8OD
            /2sPhOcAAACB/4AAAADp7wAAAIH/hwAAAA+E3AAAAA+HpwAAAIH/gwAAAHUGuAEAAADDge+EAAAAg/8Bd73piQAAAIH/0wAAAHc8
            gf/PAAAAd3mB/8YAAAAPhKEAAAB3FYH/iwAAAHRNge/AAAAAg/8Bd4frt4H/xwAAAA+EiwAAAOl0////gf/3AAAAD4SRAAAAdw2B
            //YAAAB0eelZ////ge/+AAAAg/8BD4dK////g/4B63RBx0AEAQAAAOs7QcdABAIAAACFyXQDMcDDQYN4CAMPn8DrVEHHQAQBAAAA
            hdIPhRL///+4BAAAAMNBx0AEAQAAAIXS6wf32hnAw4X2D4Ql////6e7+//+F9nQh6eX+//+D/gEPhg7///+D/gPrBoP+AXf2ww+X
            wA+2wPfYw4P/AXU0jUaQg/gDdnWB/sIAAAB0bY2WPP///7gBAAAAg/oCdmaNVtSDyP+D+gF2W4PueIP+AhnAw4P/AnUrjZZw////
            g8j/g/oDdj+NhmD///+D+AMPlsCB/t8AAAAPl8IJ0A+2wPfYw4P/A3Uagf7vAAAAdxKD7mCD/gQZwIPIAcO4AQAAAMODyP/DQVQx
            yUmJ+0iJ+FVFMcAx9lNIg+wwSIlMJBiKEID6ZnQVD7bKjbkO////g/8Bdg6A+vB0D+swvgEAAADrBkG4AQAAAEiJwkwp2kiD+gN+
            EjHAMdJIiUQkJIlUJCzphwEAAEj/wOu0jXnAg/8Pdw3A6gNI/8CD8gEh1usCMclED7YIQYH5xQAAAHULSIPAAr8BAAAA63BBgfnE
            AAAAdQ1AingBSIPAA4PnH+taQYP5YnUNQIp4AUiDwASD5wfrR0GD+Q90CkiNWAEx0jH/60RED7ZIAUSJyoPi/YD6OHQNSI1YAjHS
            vwEAAADrJzH/QYP5OEiNWANED7ZIAkAPlccx0oPHAusNRA+2CEiNWAG6AQAAAA+2K40ECYPgCEGJ7EGJ6kHB7ANBg+QHRAngiUQk
            IIXSdTeF/3UchcmJ8kyNRCQYRInmD5XBRInPD7bJ6KH8///rH4P/AXUSSI1MJBhEicJEic/oNPv//+sIRInO6AH+//+FwA+I1P7/
            /4nuwe4Gg/4DD4TG/v//QYPiB0GA+gR0CkiNSwFFD7bS6wxEilMBSI1LAkGD4ge6AQAAAIP+AXQXg/4CD5TCQYP6BUAPlMYJ8g+2
            0kjB4gJIAdFMKdkByIlEJBhIi0QkGEiJRCQki0QkIIlEJCyLVCQsSItEJCRIg8QwW11BXMOLTwiNQfiD+Qd/DcHhArjtvK+J0+iD
            4A+LTwRIjQTCg/kBdQcxyUiJCOsXg/kCdQXGAADrDYP5A3UISIOiiAAAAL9IYwdIAcZIibKAAAAAww+2F42KPP///4P5AXZrgPpi
            dGaNig7///+4AQAAAIP5AXZbg+pAMcCD+g8PlsBIAceKD4D5D3UKikcBg+D2PLbrMID5i3cogPmCdxSJyDHSwOgCg/ABg+ABgPlA
            D0PCw4PBfbjlAQAASNPog+ABw4D5xw+UwA+2wMO4AQAAAMNIiYqAAAAASInyMclIif6/BwAAAP8lWRkAAFVTSIn76Ef5//+FwHQR
            SI17COg6+f//hcAPlcAPtsBIjasAAQAASDnrczOoAXQvSInf6DD///+FwHUlSI17ELgBAAAA98f/DwAAdQ3oAPn//4XAD5XAD7bA
            SP/D68gx20iJ2Ftdw0FXQb8AAAAQQVZBVUmJzUFUSYn0VUiJ1VNIg+wYSItaeEiJfCQITI2zAAIAAEiJ3+i2+P//hcB0R0iLO0yJ
            +Ewp6EgB+Eg9////H3YLSIPDCEw583XX6yjoPf///0iJwUiFwHToSIt8JAhIiepMieboC////4XAdNS4AQAAAOsCMcBIg8QYW11B
            XEFdQV5BX8NVSIn9SIn3QboyQAAAU7sJAAAASItVEEmDyP9IgecA8P//RTHJvgAQAABIidgPBboBAAAASDnHdCZIi3UISItVEEiJ
            2EiBxv8PAABIKf5IgeYA8P//DwUx0kg5xw+UwonQW13DQVdBVkFVQVRVSIn1U0iJ00iD7CiDfggCTIt+EIl8JAwPhccAAABMif/o
            7/f//0mJxUiFwA+EswAAAEjHQBgBAAAASIsFzRcAAPBI/wBMi6OoAAAATInnSI1DKEiJBCToQf7//0mJxkiFwHRVSIsUJEiJwUiJ
            3kiJ7+gN/v//hcB0P0059HQoTInn6DP7//9IiUQkFIlUJByFwHQ7SIsUJEiNfCQUTInm6A/9///rXEiLg6gAAABMKeBIg/gPdsjr
            SkiLFCRMieFIid5Iie/oOP7//4XAdbBMiaOoAAAATIn+TInv6LP+//+FwHUei3wkDEiDxChIidpIie5bXUFcQV1BXkFf/yXrFgAA
            SIPEKFtdQVxBXUFeQV/DuA8AAAAPBQ==
            """;

    private SigbusGuardCode() {
    }
}
