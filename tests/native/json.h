// Just enough JSON to read the golden files.
#pragma once

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace test {

struct Json {
    enum Kind { kNull, kBool, kNumber, kString, kArray, kObject } kind = kNull;
    double number = 0;
    std::string text;
    std::vector<Json> array;
    std::map<std::string, Json> object;

    const Json& operator[](const char* key) const {
        static const Json none;
        auto it = object.find(key);
        return it == object.end() ? none : it->second;
    }
    bool Has(const char* key) const { return object.count(key) > 0; }

    static Json Parse(const std::string& s) {
        const char* p = s.c_str();
        return Value(p);
    }

private:
    static void Blank(const char*& p) {
        while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t') p++;
    }
    static Json Value(const char*& p) {
        Json v;
        Blank(p);
        if (*p == '{') {
            v.kind = kObject;
            for (Blank(++p); *p && *p != '}'; Blank(p)) {
                std::string key = Value(p).text;
                Blank(p);
                p++;  // :
                v.object[key] = Value(p);
                Blank(p);
                if (*p == ',') p++;
            }
            p++;
        } else if (*p == '[') {
            v.kind = kArray;
            for (Blank(++p); *p && *p != ']'; Blank(p)) {
                v.array.push_back(Value(p));
                Blank(p);
                if (*p == ',') p++;
            }
            p++;
        } else if (*p == '"') {
            v.kind = kString;
            for (p++; *p && *p != '"'; p++) {
                if (*p == '\\') p++;
                v.text += *p;
            }
            p++;
        } else if (*p == 't' || *p == 'f') {
            v.kind = kBool;
            v.number = *p == 't';
            while (*p >= 'a' && *p <= 'z') p++;
        } else if (*p == 'n') {
            p += 4;
        } else {
            v.kind = kNumber;
            char* end;
            v.number = std::strtod(p, &end);
            p = end == p ? p + 1 : end;
        }
        return v;
    }
};

}  // namespace test
