// A peer to measure beside netgen: the LTE module of ns-3 on a hexagonal layout with a constant UDP stream to each user.
//
// netgen never runs or imports this. tests/benchmarks/ns3_lte.py compiles it into a temporary folder against the
// ns-3 that is installed (GPL-2.0-only, linked there, never distributed with netgen) and reads the JSON it prints.
// What the scenario assumes stands in ns3_lte.py (ASSUMPTIONS); every attribute that is not set here is ns-3's own.

#include "ns3/antenna-module.h"
#include "ns3/applications-module.h"
#include "ns3/core-module.h"
#include "ns3/internet-module.h"
#include "ns3/lte-module.h"
#include "ns3/mobility-module.h"
#include "ns3/network-module.h"
#include "ns3/point-to-point-module.h"
#include "ns3/propagation-module.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <iostream>
#include <limits>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace ns3;

namespace
{

constexpr double kInterSiteM = 500.0;
constexpr double kSiteHeightM = 25.0;
constexpr double kUserHeightM = 1.5;
constexpr double kNearestM = 35.0;
constexpr double kSectorPowerDbm = 46.0;
constexpr double kUserPowerDbm = 23.0;
constexpr double kUserNoiseFigureDb = 9.0;
constexpr double kSectorNoiseFigureDb = 5.0;
constexpr double kBeamwidthDeg = 65.0;
constexpr double kMaxAttenuationDb = 30.0;
constexpr uint16_t kResourceBlocks = 50; // 10 MHz
constexpr uint32_t kEarfcnDown = 100;    // band 1, 2,120 MHz
constexpr uint32_t kEarfcnUp = 18100;    // band 1, 1,930 MHz
constexpr uint32_t kPacketBytes = 1250;
constexpr double kPacketsPerSecond = 100.0; // 1 Mbit/s of UDP payload
constexpr uint16_t kPort = 4000;
constexpr double kTrafficStartS = 0.1;

struct Arguments
{
    uint32_t sites = 7;
    uint32_t users = 210;
    double simulatedS = 1.0;
    double warmUpS = 0.3;
    uint32_t seed = 1;
    std::string loss = "uma";
};

struct Instant
{
    double cpuS = 0.0;
    double wallS = 0.0;
    uint64_t events = 0;
    std::vector<uint64_t> bytes; // received so far by each user
};

double
CpuS()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double
WallS()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Instant
Now(const ApplicationContainer& sinks)
{
    Instant instant{CpuS(), WallS(), Simulator::GetEventCount(), {}};
    for (uint32_t user = 0; user < sinks.GetN(); ++user)
    {
        instant.bytes.push_back(DynamicCast<PacketSink>(sinks.Get(user))->GetTotalRx());
    }
    return instant;
}

// One site in the middle and, of seven, six around it.
std::vector<Vector>
SitePositions(uint32_t sites)
{
    std::vector<Vector> positions{Vector(0.0, 0.0, kSiteHeightM)};
    for (uint32_t ring = 0; ring + 1 < sites; ++ring)
    {
        const double angle = ring * std::numbers::pi / 3.0;
        positions.emplace_back(kInterSiteM * std::cos(angle), kInterSiteM * std::sin(angle), kSiteHeightM);
    }
    return positions;
}

bool
InsideHexagon(double x, double y)
{
    for (int side = 0; side < 3; ++side)
    {
        const double angle = side * std::numbers::pi / 3.0;
        if (std::abs(x * std::cos(angle) + y * std::sin(angle)) > kInterSiteM / 2.0)
        {
            return false;
        }
    }
    return true;
}

// Uniform over the hexagons of the sites, no nearer to a site than the minimum distance.
std::vector<Vector>
UserPositions(uint32_t users, const std::vector<Vector>& sites)
{
    auto uniform = CreateObject<UniformRandomVariable>();
    std::vector<Vector> positions;
    while (positions.size() < users)
    {
        const auto& site = sites[uniform->GetInteger(0, static_cast<uint32_t>(sites.size()) - 1)];
        const double x = uniform->GetValue(-0.6 * kInterSiteM, 0.6 * kInterSiteM);
        const double y = uniform->GetValue(-0.6 * kInterSiteM, 0.6 * kInterSiteM);
        if (InsideHexagon(x, y) && std::hypot(x, y) >= kNearestM)
        {
            positions.emplace_back(site.x + x, site.y + y, kUserHeightM);
        }
    }
    return positions;
}

void
Place(const NodeContainer& nodes, const std::vector<Vector>& positions)
{
    auto allocator = CreateObject<ListPositionAllocator>();
    for (const auto& position : positions)
    {
        allocator->Add(position);
    }
    MobilityHelper mobility;
    mobility.SetMobilityModel("ns3::ConstantPositionMobilityModel");
    mobility.SetPositionAllocator(allocator);
    mobility.Install(nodes);
}

void
ChoosePathLoss(LteHelper& lte, const std::string& loss)
{
    if (loss == "uma")
    {
        lte.SetPathlossModelType(ThreeGppUmaPropagationLossModel::GetTypeId());
        lte.SetPathlossModelAttribute("ChannelConditionModel",
                                      PointerValue(CreateObject<ThreeGppUmaChannelConditionModel>()));
        lte.SetPathlossModelAttribute("ShadowingEnabled", BooleanValue(true));
    }
    else if (loss == "log-distance") // 128.1 + 37.6 log10(R / km) dB, the macro cell of TR 36.814, no shadowing
    {
        lte.SetPathlossModelType(LogDistancePropagationLossModel::GetTypeId());
        lte.SetPathlossModelAttribute("Exponent", DoubleValue(3.76));
        lte.SetPathlossModelAttribute("ReferenceLoss", DoubleValue(128.1 - 3.0 * 37.6));
    }
    else
    {
        throw std::invalid_argument("--loss is \"" + loss + "\", not uma or log-distance");
    }
}

NetDeviceContainer
InstallSectors(LteHelper& lte, const NodeContainer& nodes)
{
    lte.SetEnbAntennaModelType("ns3::ParabolicAntennaModel");
    lte.SetEnbAntennaModelAttribute("Beamwidth", DoubleValue(kBeamwidthDeg));
    lte.SetEnbAntennaModelAttribute("MaxAttenuation", DoubleValue(kMaxAttenuationDb));
    lte.SetEnbDeviceAttribute("DlEarfcn", UintegerValue(kEarfcnDown));
    lte.SetEnbDeviceAttribute("UlEarfcn", UintegerValue(kEarfcnUp));
    lte.SetEnbDeviceAttribute("DlBandwidth", UintegerValue(kResourceBlocks));
    lte.SetEnbDeviceAttribute("UlBandwidth", UintegerValue(kResourceBlocks));
    NetDeviceContainer devices;
    for (uint32_t sector = 0; sector < nodes.GetN(); ++sector)
    {
        lte.SetEnbAntennaModelAttribute("Orientation", DoubleValue(std::array{30.0, 150.0, -90.0}[sector % 3]));
        devices.Add(lte.InstallEnbDevice(nodes.Get(sector)));
    }
    return devices;
}

struct Serving
{
    std::vector<uint32_t> sector;  // of each user, the one received best
    std::vector<double> sinrDb;    // with every sector at full power
    std::vector<uint32_t> crowd;   // users of each sector
};

// What ns-3's own path loss and antenna objects give; attaching by them spares the cell search.
Serving
BestSectors(LteHelper& lte, const NetDeviceContainer& sectors, const NodeContainer& users)
{
    const double noiseMw = std::pow(10.0, (-174.0 + kUserNoiseFigureDb) / 10.0) * kResourceBlocks * 180e3;
    auto loss = lte.GetDownlinkSpectrumChannel()->GetPropagationLossModel();
    if (!loss)
    {
        throw std::runtime_error("the downlink channel has no path loss model");
    }
    Serving serving{{}, {}, std::vector<uint32_t>(sectors.GetN())};
    for (uint32_t user = 0; user < users.GetN(); ++user)
    {
        auto place = users.Get(user)->GetObject<MobilityModel>();
        std::vector<double> receivedMw;
        for (uint32_t sector = 0; sector < sectors.GetN(); ++sector)
        {
            auto device = DynamicCast<LteEnbNetDevice>(sectors.Get(sector));
            auto from = device->GetNode()->GetObject<MobilityModel>();
            auto antenna =
                DynamicCast<AntennaModel>(device->GetPhy()->GetDownlinkSpectrumPhy()->GetAntenna());
            const double gainDb = antenna->GetGainDb(Angles(place->GetPosition(), from->GetPosition()));
            // ns-3 3.44 forgets the place of a pair's first shadowing value and draws it anew at the second call.
            loss->CalcRxPower(kSectorPowerDbm + gainDb, from, place);
            receivedMw.push_back(std::pow(10.0, loss->CalcRxPower(kSectorPowerDbm + gainDb, from, place) / 10.0));
        }
        const auto best = std::max_element(receivedMw.begin(), receivedMw.end());
        const double allMw = std::accumulate(receivedMw.begin(), receivedMw.end(), noiseMw);
        serving.sector.push_back(static_cast<uint32_t>(best - receivedMw.begin()));
        serving.sinrDb.push_back(10.0 * std::log10(*best / (allMw - *best)));
        ++serving.crowd[serving.sector.back()];
    }
    return serving;
}

// The shortest sounding period that has a place for every user of the busiest sector; ns-3's own is 40 ms.
uint32_t
SoundingPeriodMs(uint32_t busiest)
{
    for (uint32_t period : {40U, 80U, 160U, 320U})
    {
        if (busiest < period)
        {
            return period;
        }
    }
    throw std::runtime_error("a sector has " + std::to_string(busiest) + " users; ns-3 has places for 319");
}

// Core network, a server behind the gateway, and one stream from the server to each user.
ApplicationContainer
InstallTraffic(PointToPointEpcHelper& epc, const NodeContainer& users, const NetDeviceContainer& devices, double endS)
{
    NodeContainer server(1);
    InternetStackHelper internet;
    internet.Install(server);
    PointToPointHelper wire;
    wire.SetDeviceAttribute("DataRate", DataRateValue(DataRate("100Gb/s")));
    wire.SetChannelAttribute("Delay", TimeValue(MilliSeconds(1)));
    auto ends = wire.Install(epc.GetPgwNode(), server.Get(0));
    Ipv4AddressHelper addresses("1.0.0.0", "255.0.0.0");
    addresses.Assign(ends);
    Ipv4StaticRoutingHelper routing;
    routing.GetStaticRouting(server.Get(0)->GetObject<Ipv4>())
        ->AddNetworkRouteTo(Ipv4Address("7.0.0.0"), Ipv4Mask("255.0.0.0"), 1);

    internet.Install(users);
    auto userAddresses = epc.AssignUeIpv4Address(devices);
    ApplicationContainer sinks;
    ApplicationContainer sources;
    PacketSinkHelper sink("ns3::UdpSocketFactory", InetSocketAddress(Ipv4Address::GetAny(), kPort));
    for (uint32_t user = 0; user < users.GetN(); ++user)
    {
        routing.GetStaticRouting(users.Get(user)->GetObject<Ipv4>())
            ->SetDefaultRoute(epc.GetUeDefaultGatewayAddress(), 1);
        sinks.Add(sink.Install(users.Get(user)));
        UdpClientHelper source(userAddresses.GetAddress(user), kPort);
        source.SetAttribute("PacketSize", UintegerValue(kPacketBytes));
        source.SetAttribute("Interval", TimeValue(Seconds(1.0 / kPacketsPerSecond)));
        source.SetAttribute("MaxPackets", UintegerValue(std::numeric_limits<uint32_t>::max()));
        auto started = source.Install(server.Get(0));
        // Spread over one packet interval, so that the streams do not beat in step.
        started.Start(Seconds(kTrafficStartS + user / (kPacketsPerSecond * users.GetN())));
        sources.Add(started);
    }
    sinks.Start(Seconds(0.0));
    sources.Stop(Seconds(endS));
    return sinks;
}

uint32_t
ConnectedUsers(const NetDeviceContainer& devices)
{
    uint32_t connected = 0;
    for (uint32_t user = 0; user < devices.GetN(); ++user)
    {
        auto state = DynamicCast<LteUeNetDevice>(devices.Get(user))->GetRrc()->GetState();
        connected += state == LteUeRrc::CONNECTED_NORMALLY ? 1 : 0;
    }
    return connected;
}

double
Median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

void
Print(const Arguments& given,
      const Serving& serving,
      const Instant& made,
      const Instant& begin,
      const Instant& end,
      uint32_t connected,
      uint32_t soundingMs)
{
    auto field = [](const char* name, auto value) { std::cout << "\"" << name << "\": " << value << ", "; };
    std::cout << std::setprecision(12) << "{";
    field("sites", given.sites);
    field("sectors", 3 * given.sites);
    field("users", given.users);
    field("simulated_s", given.simulatedS);
    field("warm_up_s", given.warmUpS);
    field("connected_users", connected);
    field("users_in_busiest_sector", *std::max_element(serving.crowd.begin(), serving.crowd.end()));
    field("full_load_sinr_median_db", Median(serving.sinrDb));
    field("sounding_period_ms", soundingMs);
    field("warm_up_cpu_s", begin.cpuS - made.cpuS);
    field("cpu_s", end.cpuS - begin.cpuS);
    field("wall_s", end.wallS - begin.wallS);
    field("events", end.events - begin.events);
    field("offered_bps_per_user", kPacketsPerSecond * kPacketBytes * 8.0);
    std::cout << "\"delivered_bps\": [";
    for (uint32_t user = 0; user < given.users; ++user)
    {
        const auto bytes = end.bytes[user] - begin.bytes[user];
        std::cout << (user > 0 ? ", " : "") << 8.0 * static_cast<double>(bytes) / given.simulatedS;
    }
    std::cout << "]}" << std::endl;
}

void
SetDefaults()
{
    Config::SetDefault("ns3::LteEnbPhy::TxPower", DoubleValue(kSectorPowerDbm));
    Config::SetDefault("ns3::LteEnbPhy::NoiseFigure", DoubleValue(kSectorNoiseFigureDb));
    Config::SetDefault("ns3::LteUePhy::TxPower", DoubleValue(kUserPowerDbm));
    Config::SetDefault("ns3::LteUePhy::NoiseFigure", DoubleValue(kUserNoiseFigureDb));
}

void
Run(const Arguments& given)
{
    RngSeedManager::SetSeed(given.seed);
    SetDefaults();
    auto lte = CreateObject<LteHelper>();
    auto epc = CreateObject<PointToPointEpcHelper>();
    lte->SetEpcHelper(epc);
    lte->SetSchedulerType("ns3::PfFfMacScheduler");
    ChoosePathLoss(*lte, given.loss);

    const auto sites = SitePositions(given.sites);
    std::vector<Vector> masts;
    for (const auto& site : sites)
    {
        masts.insert(masts.end(), 3, site);
    }
    NodeContainer sectorNodes(3 * given.sites);
    NodeContainer userNodes(given.users);
    Place(sectorNodes, masts);
    Place(userNodes, UserPositions(given.users, sites));
    auto sectors = InstallSectors(*lte, sectorNodes);
    auto users = lte->InstallUeDevice(userNodes);

    const double endS = given.warmUpS + given.simulatedS;
    auto sinks = InstallTraffic(*epc, userNodes, users, endS);
    const auto serving = BestSectors(*lte, sectors, userNodes);
    const auto soundingMs = SoundingPeriodMs(*std::max_element(serving.crowd.begin(), serving.crowd.end()));
    for (uint32_t sector = 0; sector < sectors.GetN(); ++sector)
    {
        DynamicCast<LteEnbNetDevice>(sectors.Get(sector))
            ->GetRrc()
            ->SetAttribute("SrsPeriodicity", UintegerValue(soundingMs));
    }
    for (uint32_t user = 0; user < users.GetN(); ++user)
    {
        lte->Attach(users.Get(user), sectors.Get(serving.sector[user]));
    }

    Instant begin;
    Instant end;
    uint32_t connected = 0;
    Simulator::Schedule(Seconds(given.warmUpS), [&] {
        connected = ConnectedUsers(users);
        begin = Now(sinks);
    });
    Simulator::Schedule(Seconds(endS), [&] { end = Now(sinks); });
    Simulator::Stop(Seconds(endS) + NanoSeconds(1));
    const auto made = Now(sinks);
    Simulator::Run();
    Print(given, serving, made, begin, end, connected, soundingMs);
    Simulator::Destroy();
}

} // namespace

int
main(int argc, char* argv[])
{
    Arguments given;
    CommandLine command(__FILE__);
    command.AddValue("sites", "sites of three sectors, 1 or 7", given.sites);
    command.AddValue("users", "users, at least 1", given.users);
    command.AddValue("simulated", "simulated time measured, s", given.simulatedS);
    command.AddValue("warm-up", "simulated time before it, s", given.warmUpS);
    command.AddValue("seed", "seed of ns-3's random numbers", given.seed);
    command.AddValue("loss", "path loss: uma or log-distance", given.loss);
    command.Parse(argc, argv);
    try
    {
        if ((given.sites != 1 && given.sites != 7) || given.users == 0 || !(given.simulatedS > 0.0) ||
            !(given.warmUpS > kTrafficStartS))
        {
            throw std::invalid_argument("--sites must be 1 or 7, --users and --simulated positive, --warm-up over 0.1");
        }
        Run(given);
    }
    catch (const std::exception& problem)
    {
        std::cerr << "ns3_lte: " << problem.what() << std::endl;
        return 1;
    }
    return 0;
}
